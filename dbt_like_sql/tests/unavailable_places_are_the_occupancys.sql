-- Unavailable places by reason add up to the unavailable places of the occupancy table. A failure means that the two tables, which say the
-- same, will be read as saying two things.
-- checks: curated.unavailable_places
-- severity: blocks
with reasons as (
    select
        u.host_authority_code,
        u.provision_type,
        sum(u.places) as places
    from curated.unavailable_places as u
    where u.census_date = cast(:census_date as date)
    group by
        u.host_authority_code,
        u.provision_type
),

occupancy as (
    select
        o.host_authority_code,
        o.provision_type,
        o.unavailable
    from curated.host_authority_occupancy as o
    where o.census_date = cast(:census_date as date)
)

select
    coalesce(r.host_authority_code, o.host_authority_code) as host_authority_code,
    coalesce(r.provision_type, o.provision_type) as provision_type,
    r.places as by_reason,
    o.unavailable
from reasons as r
full join occupancy as o
    on r.host_authority_code = o.host_authority_code
    and r.provision_type = o.provision_type
where coalesce(r.places, 0) <> coalesce(o.unavailable, 0)
