-- Stability is of the children looked after on the date: the whole is their total, and no part is larger than its whole. A failure means that a
-- share of stable or unstable placements is of other children than the counts beside it.
-- checks: curated.placement_stability
-- severity: blocks
with children as (
    select
        c.authority_code,
        c.children
    from curated.children_looked_after as c
    where
        c.census_date = cast(:census_date as date)
        and c.breakdown = 'total'
        and c.children > 0
),

figures as (
    select
        s.authority_code,
        s.children,
        s.three_or_more,
        s.long_term_children,
        s.same_carer_two_years
    from curated.placement_stability as s
    where s.census_date = cast(:census_date as date)
)

select
    coalesce(c.authority_code, f.authority_code) as authority_code,
    c.children as children_looked_after,
    f.children,
    f.three_or_more,
    f.long_term_children,
    f.same_carer_two_years
from children as c
full join figures as f
    on c.authority_code = f.authority_code
where
    f.children is distinct from c.children
    or f.three_or_more > f.children
    or f.long_term_children > f.children
    or f.same_carer_two_years > f.long_term_children
