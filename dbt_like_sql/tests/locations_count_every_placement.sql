-- The bands of where an authority's own children are placed add up to them, and their shares to a whole. A failure
-- means that placements are lost or counted twice between bands.
-- checks: curated.own_placements_location
-- severity: blocks
with placements as (
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
        l.placing_authority_code,
        l.provision_type,
        sum(l.placements) as placements,
        sum(l.share) as share
    from curated.own_placements_location as l
    where l.census_date = cast(:census_date as date)
    group by
        l.placing_authority_code,
        l.provision_type
)

select
    coalesce(f.placing_authority_code, p.placing_authority_code) as placing_authority_code,
    coalesce(f.provision_type, p.provision_type) as provision_type,
    f.placements as placements_in_bands,
    p.placements as placements_returned,
    f.share
from figures as f
full join placements as p
    on f.placing_authority_code = p.placing_authority_code
    and f.provision_type = p.provision_type
where
    f.placements is distinct from p.placements
    or abs(f.share - 1) > 0.00001
