-- Vacant and unavailable places home by home add up to those of the occupancy table. A failure means that a home is missing from the list
-- that a placement is sought in, or is in it twice.
-- checks: curated.setting_vacancies
-- severity: blocks
with homes as (
    select
        v.host_authority_code,
        v.provision_type,
        sum(v.vacant) as vacant,
        sum(v.unavailable) as unavailable
    from curated.setting_vacancies as v
    where v.census_date = cast(:census_date as date)
    group by
        v.host_authority_code,
        v.provision_type
),

occupancy as (
    select
        o.host_authority_code,
        o.provision_type,
        o.vacant,
        o.unavailable
    from curated.host_authority_occupancy as o
    where
        o.census_date = cast(:census_date as date)
        and o.settings_returned > 0
)

select
    coalesce(h.host_authority_code, o.host_authority_code) as host_authority_code,
    coalesce(h.provision_type, o.provision_type) as provision_type,
    h.vacant as vacant_by_home,
    o.vacant,
    h.unavailable as unavailable_by_home,
    o.unavailable
from homes as h
full join occupancy as o
    on h.host_authority_code = o.host_authority_code
    and h.provision_type = o.provision_type
where
    h.vacant is distinct from o.vacant
    or h.unavailable is distinct from o.unavailable
