-- An authority's own children inside, outside and where it is not known are all of its children looked after, no more and no
-- fewer; without an SSDA903 nothing is said of them. Net gain is DfE's: others inside less own outside. A failure means that an
-- authority is shown as taking in, or sending out, children who do not exist.
-- checks: curated.net_position
-- severity: blocks
with looked_after as (
    select
        c.authority_code,
        c.children
    from curated.children_looked_after as c
    where
        c.census_date = cast(:census_date as date)
        and c.breakdown = 'total'
),

figures as (
    select
        n.authority_code,
        n.source,
        n.covers,
        n.blank_reason,
        n.own_inside + n.own_outside + n.own_unknown as children,
        n.own_outside,
        n.others_inside,
        n.net_gain
    from curated.net_position as n
    where n.census_date = cast(:census_date as date)
)

select
    coalesce(f.authority_code, l.authority_code) as authority_code,
    f.source,
    f.children as children_inside_and_outside,
    l.children as children_looked_after,
    f.net_gain
from figures as f
full join looked_after as l
    on f.authority_code = l.authority_code
where
    f.children is distinct from l.children
    or f.net_gain is distinct from f.others_inside - f.own_outside
    or (f.children is null) <> (f.blank_reason is not null)
    or (f.children is not null) <> (coalesce(f.covers, '') = 'all')
