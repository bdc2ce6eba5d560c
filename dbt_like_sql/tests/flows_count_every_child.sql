-- Each side of the placement flow is that side's children, pair of authorities by pair. A failure means that the two-sided picture shows
-- a difference, or hides one, that the returns do not have.
-- checks: curated.placement_flow
-- severity: blocks
with providers as (
    select
        c.placing_authority_code,
        c.host_authority_code,
        c.provision_type,
        count(*) as children
    from core.setting_child as c
    where
        c.census_date = cast(:census_date as date)
        and (c.provision_type <> 'Other' or not c.is_urn_known)
        and coalesce(c.age, 0) < 18
    group by
        c.placing_authority_code,
        c.host_authority_code,
        c.provision_type
),

authorities as (
    select
        p.placing_authority_code,
        p.host_authority_code,
        p.provision_type,
        count(*) as children
    from core.own_placement as p
    where
        p.census_date = cast(:census_date as date)
        and p.is_looked_after
        and (
            (p.covers = 'all' and p.source = 'ssda903')
            or (p.covers = 'commissioned' and p.provision_type not in ('In-house fostering', 'Other', 'None'))
        )
    group by
        p.placing_authority_code,
        p.host_authority_code,
        p.provision_type
),

figures as (
    select
        f.placing_authority_code,
        f.host_authority_code,
        f.provision_type,
        f.children_by_providers,
        f.children_by_authorities
    from curated.placement_flow as f
    where f.census_date = cast(:census_date as date)
)

select
    coalesce(f.placing_authority_code, p.placing_authority_code) as placing_authority_code,
    coalesce(f.host_authority_code, p.host_authority_code) as host_authority_code,
    coalesce(f.provision_type, p.provision_type) as provision_type,
    f.children_by_providers as figure,
    p.children as returned
from figures as f
full join providers as p
    on f.placing_authority_code = p.placing_authority_code
    and f.host_authority_code = p.host_authority_code
    and f.provision_type = p.provision_type
where coalesce(f.children_by_providers, 0) <> coalesce(p.children, 0)
union all
select
    coalesce(f.placing_authority_code, a.placing_authority_code) as placing_authority_code,
    coalesce(f.host_authority_code, a.host_authority_code) as host_authority_code,
    coalesce(f.provision_type, a.provision_type) as provision_type,
    f.children_by_authorities as figure,
    a.children as returned
from figures as f
full join authorities as a
    on f.placing_authority_code = a.placing_authority_code
    and f.host_authority_code = a.host_authority_code
    and f.provision_type = a.provision_type
where coalesce(f.children_by_authorities, 0) <> coalesce(a.children, 0)
