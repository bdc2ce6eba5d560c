-- Local authorities over time: codes, names, region, from when to when.
-- grain: authority_code, gss_code
-- kind: view
select
    a.authority_code,
    a.gss_code,
    a.authority_name,
    a.country,
    a.region_code,
    a.region_name,
    cast(a.valid_from as date) as valid_from,
    cast(nullif(a.valid_to, '') as date) as valid_to
from raw.authority as a
