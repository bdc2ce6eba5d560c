-- Every figure of sufficiency is the area's places less the authority's need, and need and places are those of the other tables. A
-- failure means that an authority is told of a lack, or of a plenty, that is not there.
-- checks: curated.supply_gap
-- severity: blocks
with needed as (
    select
        p.placing_authority_code,
        p.needs_provision_type as provision_type,
        count(*) as own_placements
    from core.own_placement as p
    where
        p.census_date = cast(:census_date as date)
        and p.is_looked_after
        and p.needs_provision_type is not null
        and (
            p.source = 'ssda903'
            or (p.covers = 'commissioned' and p.needs_provision_type <> 'In-house fostering')
        )
    group by
        p.placing_authority_code,
        p.needs_provision_type
),

figures as (
    select
        g.authority_code,
        g.provision_type,
        g.blank_reason,
        g.own_placements,
        g.own_unregistered,
        g.own_placements_in_area,
        g.own_placements_elsewhere,
        g.places_registered,
        g.usable,
        g.vacant,
        g.numerical_sufficiency,
        g.usable_sufficiency,
        g.vacant_sufficiency
    from curated.supply_gap as g
    where g.census_date = cast(:census_date as date)
)

select
    coalesce(f.authority_code, n.placing_authority_code) as authority_code,
    coalesce(f.provision_type, n.provision_type) as provision_type
from figures as f
full join needed as n
    on f.authority_code = n.placing_authority_code
    and f.provision_type = n.provision_type
left join curated.host_authority_occupancy as o
    on o.census_date = cast(:census_date as date)
    and f.authority_code = o.host_authority_code
    and f.provision_type = o.provision_type
where
    f.authority_code is null
    or f.own_placements is distinct from case when f.blank_reason is null then coalesce(n.own_placements, 0) end
    or f.own_placements_in_area + f.own_placements_elsewhere > f.own_placements
    or f.own_unregistered > f.own_placements
    or f.numerical_sufficiency is distinct from f.places_registered - f.own_placements
    or f.usable_sufficiency is distinct from f.usable - f.own_placements
    or f.vacant_sufficiency is distinct from f.vacant - f.own_placements_elsewhere
    or coalesce(f.places_registered, 0) <> coalesce(o.places_registered, 0)
    or coalesce(f.usable, 0) <> coalesce(o.occupied + o.vacant, 0)
    or coalesce(f.vacant, 0) <> coalesce(o.vacant, 0)
