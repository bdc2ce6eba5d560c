-- The two sides hold every child under 18 of the providers' returns whom an authority placed, and every looked-after placement of the authorities'
-- that is in a setting. A failure means that children are lost, or counted twice, between the two.
-- checks: curated.two_sided_truth
-- severity: blocks
with by_providers as (
    select
        c.placing_authority_code,
        count(*) as children
    from core.setting_child as c
    where
        c.census_date = cast(:census_date as date)
        and c.provision_type <> 'Other'
        and coalesce(c.age, 0) < 18
        and c.placing_authority_code not in ('HEALTH', 'PRIVATE', 'UNKNOWN')
    group by c.placing_authority_code
),

by_authorities as (
    select
        p.placing_authority_code,
        count(*) as children
    from core.own_placement as p
    where
        p.census_date = cast(:census_date as date)
        and p.is_looked_after
        and p.provision_type not in ('Other', 'None')
        and (
            (p.covers = 'all' and p.source = 'ssda903')
            or (p.covers = 'commissioned' and p.provision_type <> 'In-house fostering')
        )
    group by p.placing_authority_code
),

figures as (
    select
        t.placing_authority_code,
        sum(t.children_by_providers) as by_providers,
        sum(t.children_by_authorities) as by_authorities
    from curated.two_sided_truth as t
    where t.census_date = cast(:census_date as date)
    group by t.placing_authority_code
),

expected as (
    select
        coalesce(p.placing_authority_code, a.placing_authority_code) as placing_authority_code,
        p.children as by_providers,
        a.children as by_authorities
    from by_providers as p
    full join by_authorities as a
        on p.placing_authority_code = a.placing_authority_code
)

select coalesce(f.placing_authority_code, e.placing_authority_code) as placing_authority_code
from figures as f
full join expected as e
    on f.placing_authority_code = e.placing_authority_code
where
    coalesce(f.by_providers, 0) <> coalesce(e.by_providers, 0)
    or coalesce(f.by_authorities, 0) <> coalesce(e.by_authorities, 0)
union all
select t.placing_authority_code
from curated.two_sided_truth as t
where
    t.census_date = cast(:census_date as date)
    and t.difference is distinct from t.children_by_providers - t.children_by_authorities
