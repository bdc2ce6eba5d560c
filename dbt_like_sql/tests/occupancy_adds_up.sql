-- Occupied, vacant and unavailable places are together the places returned, and each is the sum of the settings' returns. A failure means
-- that the occupancy of an area is not what its providers returned.
-- checks: curated.host_authority_occupancy
-- severity: blocks
with returned as (
    select
        r.host_authority_code,
        r.provision_type,
        sum(r.premises_returned) as settings,
        sum(r.occupied_places) as occupied,
        sum(r.vacant_places) as vacant,
        sum(r.unavailable_places) as unavailable
    from core.setting_return as r
    where
        r.census_date = cast(:census_date as date)
        and r.provision_type <> 'Other'
    group by
        r.host_authority_code,
        r.provision_type
),

figures as (
    select
        o.host_authority_code,
        o.provision_type,
        o.settings_returned,
        o.places_returned,
        o.occupied,
        o.vacant,
        o.unavailable
    from curated.host_authority_occupancy as o
    where o.census_date = cast(:census_date as date)
)

select
    coalesce(f.host_authority_code, r.host_authority_code) as host_authority_code,
    coalesce(f.provision_type, r.provision_type) as provision_type,
    f.places_returned,
    f.occupied,
    f.vacant,
    f.unavailable
from figures as f
full join returned as r
    on f.host_authority_code = r.host_authority_code
    and f.provision_type = r.provision_type
where
    coalesce(f.settings_returned, 0) <> coalesce(r.settings, 0)
    or coalesce(f.places_returned, 0) <> coalesce(f.occupied + f.vacant + f.unavailable, 0)
    or f.occupied is distinct from r.occupied
    or f.vacant is distinct from r.vacant
    or f.unavailable is distinct from r.unavailable
