-- A returned setting is in the register, in the authority that the return names. A row here is counted, and is in neither part of the
-- coverage: ask the provider for the URN and the authority, and Ofsted for a newer list. An authority's own carers are in no register and
-- are left out.
-- checks: core.setting_return
-- severity: warns
select
    r.urn,
    r.host_authority_code,
    r.sender,
    r.provision_type
from core.setting_return as r
where
    r.census_date = cast(:census_date as date)
    and not r.known_to_register
    and r.provision_type <> 'In-house fostering'
