-- The homes table has every setting and place of the register, each in one row. A failure means that the registered supply by kind, size,
-- sector and grade does not add up to the registered supply.
-- checks: curated.homes
-- severity: blocks
with register as (
    select
        s.host_authority_code,
        s.provision_type,
        sum(s.premises) as settings,
        coalesce(sum(s.places), 0) as places
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
        h.host_authority_code,
        h.provision_type,
        sum(h.settings) as settings,
        coalesce(sum(h.places), 0) as places
    from curated.homes as h
    where h.census_date = cast(:census_date as date)
    group by
        h.host_authority_code,
        h.provision_type
)

select
    coalesce(f.host_authority_code, r.host_authority_code) as host_authority_code,
    coalesce(f.provision_type, r.provision_type) as provision_type,
    f.settings,
    r.settings as settings_registered,
    f.places,
    r.places as places_registered
from figures as f
full join register as r
    on f.host_authority_code = r.host_authority_code
    and f.provision_type = r.provision_type
where
    f.settings is distinct from r.settings
    or f.places is distinct from r.places
