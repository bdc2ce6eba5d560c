-- Every gap is the authority's need less the area's places, and need and places are those of the other tables. A failure means that an authority
-- is told of a lack, or of a plenty, that is not there.
-- checks: curated.supply_gap
-- severity: blocks
with needed as (
    select
        p.placing_authority_code,
        p.provision_type,
        count(*) as own_placements
    from core.own_placement as p
    where
        p.census_date = cast(:census_date as date)
        and p.provision_type <> 'Other'
    group by
        p.placing_authority_code,
        p.provision_type
),

figures as (
    select
        g.authority_code,
        g.provision_type,
        g.own_placements,
        g.own_placements_in_area,
        g.own_placements_elsewhere,
        g.places_registered,
        g.usable,
        g.vacant,
        g.gap_registered,
        g.gap_usable,
        g.gap_vacant
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
    f.own_placements is distinct from coalesce(n.own_placements, 0)
    or f.own_placements_in_area + f.own_placements_elsewhere > f.own_placements
    or f.gap_registered is distinct from f.own_placements - f.places_registered
    or f.gap_usable is distinct from f.own_placements - f.usable
    or f.gap_vacant is distinct from f.own_placements_elsewhere - f.vacant
    or coalesce(f.places_registered, 0) <> coalesce(o.places_registered, 0)
    or coalesce(f.usable, 0) <> coalesce(o.occupied + o.vacant, 0)
    or coalesce(f.vacant, 0) <> coalesce(o.vacant, 0)
