-- Every breakdown of the children looked after adds up to their total, and the total is the children of the return, each once. A failure means
-- that children are lost or counted twice between categories: no breakdown of the authority can be trusted.
-- checks: curated.children_looked_after
-- severity: blocks
with children as (
    select
        s.authority_code,
        count(c.child_key) as children
    from core.ssda903_return as s
    left join core.child as c
        on s.census_date = c.census_date
        and s.authority_code = c.authority_code
    where
        s.census_date = cast(:census_date as date)
        and s.return_date = s.census_date
    group by s.authority_code
),

wanted as (
    select
        c.authority_code,
        b.breakdown,
        c.children
    from children as c
    cross join (
        values
        ('total'),
        ('age'),
        ('sex'),
        ('ethnic group'),
        ('unaccompanied'),
        ('placement type'),
        ('placement provider'),
        ('legal status')
    ) as b (breakdown)
),

figures as (
    select
        f.authority_code,
        f.breakdown,
        sum(f.children) as children,
        sum(f.share) as share
    from curated.children_looked_after as f
    where f.census_date = cast(:census_date as date)
    group by
        f.authority_code,
        f.breakdown
)

select
    coalesce(w.authority_code, f.authority_code) as authority_code,
    coalesce(w.breakdown, f.breakdown) as breakdown,
    f.children as children_in_categories,
    w.children as children_returned,
    f.share
from wanted as w
full join figures as f
    on w.authority_code = f.authority_code
    and w.breakdown = f.breakdown
where
    coalesce(f.children, 0) <> coalesce(w.children, 0)
    or (w.breakdown = 'total' and f.children is null)
    or abs(f.share - 1) > 0.00001
