-- Children who started and ceased to be looked after in the twelve months to the census date: children, not events.
-- Started: the first episode with RNE S in the window. Ceased: the last end of care in the window (core.episode: an end other than X1, or one
-- without a reason that no episode follows, its reason not known); a child who left and came back counts as ceased, and so does one whose care
-- another authority took over (E3), who starts there: the two are not netted. Short breaks (V3, V4) in neither.
-- Ages are those at the start and at the end. An authority has no rows until its returns tell of the whole twelve months (core.ssda903_return).
-- The total has the rate per 10,000 aged 0 to 17.
-- Source: DfE, data guidance to "Children looked after in England".
-- grain: census_date, authority_code, direction, breakdown, category
with returned as (
    select s.authority_code
    from core.ssda903_return as s
    where
        s.census_date = cast(:census_date as date)
        and s.return_date = s.census_date
        and s.held_from <= cast(:census_date as date) - interval '12 months' + interval '1 day'
),

starts as (
    select
        e.authority_code,
        e.child_key,
        e.age_at_start as age,
        row_number() over (partition by e.authority_code, e.child_key order by e.decom) as position
    from core.episode as e
    inner join returned as r
        on e.authority_code = r.authority_code
    where
        e.census_date = cast(:census_date as date)
        and e.reason_new_episode = 'S'
        and not e.is_short_break
        and e.decom > cast(:census_date as date) - interval '12 months'
),

ends as (
    select
        e.authority_code,
        e.child_key,
        e.age_at_end as age,
        e.reason_episode_ceased,
        row_number() over (partition by e.authority_code, e.child_key order by e.dec desc, e.decom desc) as position
    from core.episode as e
    inner join returned as r
        on e.authority_code = r.authority_code
    where
        e.census_date = cast(:census_date as date)
        and e.ends_care
        and not e.is_short_break
        and e.dec > cast(:census_date as date) - interval '12 months'
),

children as (
    select
        s.authority_code,
        'started' as direction,
        case
            when s.age < 1 then 'Under 1'
            when s.age < 5 then '1 to 4'
            when s.age < 10 then '5 to 9'
            when s.age < 16 then '10 to 15'
            when s.age >= 16 then '16 and over'
            else 'Not known'
        end as age_band,
        cast(null as text) as reason_group
    from starts as s
    where s.position = 1
    union all
    select
        e.authority_code,
        'ceased' as direction,
        case
            when e.age < 1 then 'Under 1'
            when e.age < 5 then '1 to 4'
            when e.age < 10 then '5 to 9'
            when e.age < 16 then '10 to 15'
            when e.age = 16 then '16'
            when e.age = 17 then '17'
            when e.age >= 18 then '18 and over'
            else 'Not known'
        end as age_band,
        coalesce(nullif(g.reason_group, ''), 'Not known') as reason_group
    from ends as e
    left join staging.reason_episode_ceased_903 as g
        on e.reason_episode_ceased = g.reason_episode_ceased
    where e.position = 1
),

totals as (
    select
        r.authority_code,
        d.direction,
        count(c.direction) as children
    from returned as r
    cross join (values ('started'), ('ceased')) as d (direction)
    left join children as c
        on r.authority_code = c.authority_code
        and d.direction = c.direction
    group by
        r.authority_code,
        d.direction
),

counted as (
    select
        t.authority_code,
        t.direction,
        'total' as breakdown,
        'Total' as category,
        t.children
    from totals as t
    union all
    select
        c.authority_code,
        c.direction,
        'age' as breakdown,
        c.age_band as category,
        count(*) as children
    from children as c
    group by
        c.authority_code,
        c.direction,
        c.age_band
    union all
    select
        c.authority_code,
        c.direction,
        'reason' as breakdown,
        c.reason_group as category,
        count(*) as children
    from children as c
    where c.direction = 'ceased'
    group by
        c.authority_code,
        c.direction,
        c.reason_group
)

select
    cast(:census_date as date) as census_date,
    c.authority_code,
    a.authority_gss,
    coalesce(a.authority_name, c.authority_code) as authority_name,
    c.direction,
    c.breakdown,
    c.category,
    cast(c.children as integer) as children,
    round(cast(c.children as numeric) / nullif(t.children, 0), 6) as share,
    case when c.breakdown = 'total' then round(cast(c.children as numeric) * 10000 / nullif(p.people, 0), 1) end as rate_per_10k,
    case when c.breakdown = 'total' then p.population_year end as population_year
from counted as c
inner join totals as t
    on c.authority_code = t.authority_code
    and c.direction = t.direction
left join core.population as p
    on p.census_date = cast(:census_date as date)
    and c.authority_code = p.authority_code
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and c.authority_code = a.authority_code
