-- The ages of the children who started and ceased, and the reasons of those who ceased, add up to the totals. A failure means that children are
-- lost or counted twice between categories.
-- checks: curated.care_flows
-- severity: blocks
with figures as (
    select
        f.authority_code,
        f.direction,
        f.breakdown,
        sum(f.children) as children
    from curated.care_flows as f
    where f.census_date = cast(:census_date as date)
    group by
        f.authority_code,
        f.direction,
        f.breakdown
),

wanted as (
    select
        t.authority_code,
        t.direction,
        b.breakdown,
        t.children
    from figures as t
    cross join (values ('total'), ('age'), ('reason')) as b (breakdown)
    where
        t.breakdown = 'total'
        and (b.breakdown <> 'reason' or t.direction = 'ceased')
)

select
    coalesce(w.authority_code, f.authority_code) as authority_code,
    coalesce(w.direction, f.direction) as direction,
    coalesce(w.breakdown, f.breakdown) as breakdown,
    f.children as children_in_categories,
    w.children as children_in_all
from wanted as w
full join figures as f
    on w.authority_code = f.authority_code
    and w.direction = f.direction
    and w.breakdown = f.breakdown
where coalesce(f.children, 0) <> coalesce(w.children, 0)
