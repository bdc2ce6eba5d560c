-- An authority's own children inside, outside and where it is not known are all of them: the looked-after placements of its placement census, or
-- the children looked after of its SSDA903. Net gain is DfE's: others inside less own outside. A failure means that an authority is shown as
-- taking in, or sending out, children who do not exist.
-- checks: curated.net_position
-- severity: blocks
with own as (
    select
        p.placing_authority_code as authority_code,
        'placement census' as source,
        count(*) as children
    from core.own_placement as p
    where
        p.census_date = cast(:census_date as date)
        and p.source = 'placement census'
    group by p.placing_authority_code
    union all
    select
        c.authority_code,
        'SSDA903' as source,
        c.children
    from curated.children_looked_after as c
    where
        c.census_date = cast(:census_date as date)
        and c.breakdown = 'total'
        and c.children > 0
        and not exists (
            select 1 as found
            from core.placement as p
            where
                p.census_date = cast(:census_date as date)
                and p.placing_authority_code = c.authority_code
        )
),

figures as (
    select
        n.authority_code,
        n.source,
        n.own_inside + n.own_outside + n.own_unknown as children,
        n.own_outside,
        n.others_inside,
        n.net_gain
    from curated.net_position as n
    where n.census_date = cast(:census_date as date)
)

select
    coalesce(f.authority_code, o.authority_code) as authority_code,
    f.source,
    f.children as children_inside_and_outside,
    o.children as children_returned,
    f.net_gain
from figures as f
full join own as o
    on f.authority_code = o.authority_code
    and f.source = o.source
where
    f.children is distinct from o.children
    or f.net_gain is distinct from f.others_inside - f.own_outside
