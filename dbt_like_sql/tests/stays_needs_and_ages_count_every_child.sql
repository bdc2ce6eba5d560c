-- Category of need, legal status and sex, length of stay and age by provision each count every child looked after once. A failure means
-- that children are lost or counted twice between categories: look at the table that is named.
-- checks: curated.need_breakdown
-- severity: blocks
with children as (
    select
        c.authority_code,
        count(*) as children
    from core.child as c
    where c.census_date = cast(:census_date as date)
    group by c.authority_code
),

figures as (
    select
        n.authority_code,
        concat('need_breakdown, ', n.breakdown) as figure,
        sum(n.children) as children
    from curated.need_breakdown as n
    where
        n.census_date = cast(:census_date as date)
        and n.population = 'looked after'
    group by
        n.authority_code,
        n.breakdown
    union all
    select
        s.authority_code,
        concat('length_of_stay, ', s.breakdown) as figure,
        sum(s.children) as children
    from curated.length_of_stay as s
    where s.census_date = cast(:census_date as date)
    group by
        s.authority_code,
        s.breakdown
    union all
    select
        a.authority_code,
        'age_by_provision' as figure,
        sum(a.children) as children
    from curated.age_by_provision as a
    where
        a.census_date = cast(:census_date as date)
        and a.population = 'looked after'
    group by a.authority_code
),

wanted as (
    select
        c.authority_code,
        v.figure,
        c.children
    from children as c
    cross join (
        values
        ('need_breakdown, category of need'),
        ('need_breakdown, legal status'),
        ('need_breakdown, sex'),
        ('length_of_stay, in care'),
        ('length_of_stay, in placement'),
        ('age_by_provision')
    ) as v (figure)
)

select
    coalesce(w.authority_code, f.authority_code) as authority_code,
    coalesce(w.figure, f.figure) as figure,
    f.children as children_counted,
    w.children as children_looked_after
from wanted as w
full join figures as f
    on w.authority_code = f.authority_code
    and w.figure = f.figure
where coalesce(w.children, 0) <> coalesce(f.children, 0)
