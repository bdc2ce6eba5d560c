-- Children looked after on the census date, and children who started in the twelve months to it, by category of need, legal status and sex, by the
-- SSDA903 alone. population: looked after (core.child), started (the first episode with RNE S in the window, not under V3 or V4, each child
-- once, as in care_flows; no rows until the returns tell of the whole twelve months). Category of need and legal status of starts are those of the
-- episode in which care began. Every breakdown adds up to the children of its population.
-- grain: census_date, authority_code, population, breakdown, category
with whole_year as (
    select s.authority_code
    from core.ssda903_return as s
    where
        s.census_date = cast(:census_date as date)
        and s.return_date = s.census_date
        and s.held_from <= cast(:census_date as date) - interval '12 months' + interval '1 day'
),

sexes as (
    select
        s.authority_code,
        h.child_key,
        min(h.sex) as sex
    from staging.ssda903_header as h
    inner join core.ssda903_return as s
        on h.authority_code = s.authority_code
        and h.census_date = s.return_date
        and h.sender = s.sender
        and coalesce(h.year, '') = coalesce(s.year, '')
    where
        h.census_date = cast(:census_date as date)
        and s.census_date = cast(:census_date as date)
        and s.return_date = s.census_date
    group by
        s.authority_code,
        h.child_key
),

started as (
    select
        e.authority_code,
        e.child_key,
        e.category_of_need,
        e.legal_status,
        row_number() over (partition by e.authority_code, e.child_key order by e.decom) as position
    from core.episode as e
    inner join whole_year as r
        on e.authority_code = r.authority_code
    where
        e.census_date = cast(:census_date as date)
        and e.reason_new_episode = 'S'
        and not e.is_short_break
        and e.decom > cast(:census_date as date) - interval '12 months'
),

children as (
    select
        c.authority_code,
        'looked after' as population,
        c.category_of_need,
        c.legal_status,
        c.sex
    from core.child as c
    where c.census_date = cast(:census_date as date)
    union all
    select
        s.authority_code,
        'started' as population,
        s.category_of_need,
        s.legal_status,
        coalesce(nullif(x.sex, 'Unknown'), 'Not known') as sex
    from started as s
    left join sexes as x
        on s.authority_code = x.authority_code
        and s.child_key = x.child_key
    where s.position = 1
),

told as (
    select
        c.authority_code,
        c.population,
        v.breakdown,
        case v.breakdown
            when 'category of need' then coalesce(n.meaning, 'Not known')
            when 'legal status' then coalesce(l.legal_status_group, 'Not known')
            else c.sex
        end as category
    from children as c
    left join staging.category_of_need_903 as n
        on c.category_of_need = n.category_of_need
    left join staging.legal_status_903 as l
        on c.legal_status = l.legal_status
    cross join (
        values
        ('category of need'),
        ('legal status'),
        ('sex')
    ) as v (breakdown)
),

counted as (
    select
        t.authority_code,
        t.population,
        t.breakdown,
        t.category,
        count(*) as children,
        sum(count(*)) over (partition by t.authority_code, t.population, t.breakdown) as children_of_all
    from told as t
    group by
        t.authority_code,
        t.population,
        t.breakdown,
        t.category
)

select
    cast(:census_date as date) as census_date,
    c.authority_code,
    a.authority_gss,
    coalesce(a.authority_name, c.authority_code) as authority_name,
    c.population,
    c.breakdown,
    c.category,
    cast(c.children as integer) as children,
    round(cast(c.children as numeric) / nullif(c.children_of_all, 0), 6) as share
from counted as c
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and c.authority_code = a.authority_code
