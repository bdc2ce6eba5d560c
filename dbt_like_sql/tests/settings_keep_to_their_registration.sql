-- No more people live in a setting than it is registered for. A row here is a home over its registration, or a slip in the return: ask the
-- provider, and Ofsted where it is none. Fostering may be over its approval, and is left out.
-- checks: core.setting_return
-- severity: warns
select
    r.urn,
    r.host_authority_code,
    r.sender,
    r.occupied_places,
    coalesce(r.register_places, r.registered_places) as registered_places
from core.setting_return as r
where
    r.census_date = cast(:census_date as date)
    and r.provision_type not in ('Independent fostering', 'In-house fostering')
    and r.occupied_places > coalesce(r.register_places, r.registered_places)
