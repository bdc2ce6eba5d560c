-- The distance bands and localities of a provision type hold every child looked after, those whose distance is not known too, and their shares
-- add up to a whole. A failure means that the share placed far from home is of the wrong whole.
-- checks: curated.placement_distance
-- severity: blocks
with children as (
    select
        c.placing_authority_code as authority_code,
        c.provision_type,
        count(*) as children
    from core.own_placement as c
    where
        c.census_date = cast(:census_date as date)
        and c.source = 'ssda903'
    group by
        c.placing_authority_code,
        c.provision_type
),

figures as (
    select
        d.authority_code,
        d.provision_type,
        sum(d.placements) as placements,
        sum(d.share) as share
    from curated.placement_distance as d
    where d.census_date = cast(:census_date as date)
    group by
        d.authority_code,
        d.provision_type
)

select
    coalesce(f.authority_code, c.authority_code) as authority_code,
    coalesce(f.provision_type, c.provision_type) as provision_type,
    f.placements as placements_in_bands,
    c.children as children_returned,
    f.share
from figures as f
full join children as c
    on f.authority_code = c.authority_code
    and f.provision_type = c.provision_type
where
    f.placements is distinct from c.children
    or abs(f.share - 1) > 0.00001
