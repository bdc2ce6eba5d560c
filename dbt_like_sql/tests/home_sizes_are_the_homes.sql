-- The sizes of an area's homes count every home of the register once, and their shares make 1. A failure means that the share of one-bed homes,
-- and the area's rank by it, are wrong.
-- checks: curated.home_sizes
-- severity: blocks
with homes as (
    select
        h.host_authority_code,
        h.provision_type,
        sum(h.settings) as settings
    from curated.homes as h
    where
        h.census_date = cast(:census_date as date)
        and h.provision_type <> 'Independent fostering'
    group by
        h.host_authority_code,
        h.provision_type
),

sizes as (
    select
        s.host_authority_code,
        s.provision_type,
        sum(s.settings) as settings,
        sum(s.share) as share
    from curated.home_sizes as s
    where s.census_date = cast(:census_date as date)
    group by
        s.host_authority_code,
        s.provision_type
)

select
    coalesce(s.host_authority_code, h.host_authority_code) as host_authority_code,
    coalesce(s.provision_type, h.provision_type) as provision_type
from sizes as s
full join homes as h
    on s.host_authority_code = h.host_authority_code
    and s.provision_type = h.provision_type
where
    s.settings is distinct from h.settings
    or abs(s.share - 1) > 0.00001
