-- What the region has decided of settings that more than one sender returns: whose they are, from a census date on.
-- grain: urn, host_authority_code, census_date
-- kind: view
select
    d.urn,
    d.host_authority_code,
    d.census_date,
    d.sender
from raw.setting_decision as d
