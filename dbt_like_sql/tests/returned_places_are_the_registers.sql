-- A setting is registered for as many places in its return as in the register. A row here has been varied since the list, or has returned
-- some of its premises, or has a slip: its rates and the area's coverage rest on different wholes. Ask the provider.
-- checks: core.setting_return
-- severity: warns
select
    r.urn,
    r.host_authority_code,
    r.sender,
    r.registered_places,
    r.register_places
from core.setting_return as r
where
    r.census_date = cast(:census_date as date)
    and r.known_to_register
    and r.registered_places <> r.register_places
