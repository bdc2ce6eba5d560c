-- Registered settings and places of the occupancy table are the register's. A failure means that coverage is a share of the wrong whole.
-- checks: curated.host_authority_occupancy
-- severity: blocks
with register as (
    select
        s.host_authority_code,
        s.provision_type,
        sum(s.premises) as settings,
        sum(s.places) as places
    from core.setting as s
    where
        s.census_date = cast(:census_date as date)
        and s.provision_type <> 'Other'
    group by
        s.host_authority_code,
        s.provision_type
),

figures as (
    select
        o.host_authority_code,
        o.provision_type,
        o.settings_registered,
        o.places_registered
    from curated.host_authority_occupancy as o
    where o.census_date = cast(:census_date as date)
)

select
    coalesce(f.host_authority_code, r.host_authority_code) as host_authority_code,
    coalesce(f.provision_type, r.provision_type) as provision_type,
    f.settings_registered,
    r.settings,
    f.places_registered,
    r.places
from figures as f
full join register as r
    on f.host_authority_code = r.host_authority_code
    and f.provision_type = r.provision_type
where
    coalesce(f.settings_registered, 0) <> coalesce(r.settings, 0)
    or f.places_registered is distinct from r.places
