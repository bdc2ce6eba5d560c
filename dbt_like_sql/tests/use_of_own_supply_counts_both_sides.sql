-- The two sides of the use of an area's own supply are the providers' placements and the authority's looked-after placements, whole. A
-- failure means that the share an authority takes of its own area's places is of the wrong whole.
-- checks: curated.host_use_of_own_supply
-- severity: blocks
with living_here as (
    select
        c.host_authority_code,
        c.provision_type,
        count(*) as children
    from core.setting_child as c
    where
        c.census_date = cast(:census_date as date)
        and (c.provision_type <> 'Other' or not c.is_urn_known)
        and c.host_authority_code <> 'UNKNOWN'
    group by
        c.host_authority_code,
        c.provision_type
),

own as (
    select
        p.placing_authority_code,
        p.provision_type,
        count(*) as placements
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
        p.provision_type
),

figures as (
    select
        u.host_authority_code,
        u.provision_type,
        u.children_living_here,
        u.children_of_host,
        u.own_placements,
        u.own_placements_in_area,
        u.covers
    from curated.host_use_of_own_supply as u
    where u.census_date = cast(:census_date as date)
)

select
    f.host_authority_code,
    f.provision_type,
    'differs from the returns' as fault
from figures as f
left join living_here as l
    on f.host_authority_code = l.host_authority_code
    and f.provision_type = l.provision_type
left join own as o
    on f.host_authority_code = o.placing_authority_code
    and f.provision_type = o.provision_type
where
    f.children_living_here is distinct from l.children
    or nullif(f.own_placements, 0) is distinct from o.placements
    or (f.own_placements = 0 and f.covers is null)
    or f.children_of_host > f.children_living_here
    or f.own_placements_in_area > f.own_placements
union all
select
    l.host_authority_code,
    l.provision_type,
    'returned by providers, and not in the table' as fault
from living_here as l
left join figures as f
    on l.host_authority_code = f.host_authority_code
    and l.provision_type = f.provision_type
where f.host_authority_code is null
union all
select
    o.placing_authority_code as host_authority_code,
    o.provision_type,
    'returned by the authority, and not in the table' as fault
from own as o
left join figures as f
    on o.placing_authority_code = f.host_authority_code
    and o.provision_type = f.provision_type
where f.host_authority_code is null
