-- The SSDA903 returns that tell of an authority's children up to the census date: those of the date and of the three years before it.
-- An authority's own return of a date comes before the pooled one; of a pooled return that holds several years the newest is the return, the
-- others are history in it, and an authority without rows of the newest year has not returned.
-- A return tells of the twelve months before its date (a pooled one of as many years as it holds), or only of what follows its earliest end where
-- that is later. What ended on or after retold_from is told by a newer return, and what this one says of it counts no more; blank for the newest,
-- of which everything counts. A return without any end tells of its own day alone. held_from: the day from which the authority's returns, each
-- telling of whole quarters, tell without a gap up to its newest one.
-- grain: census_date, authority_code, return_date
with told as (
    select
        e.authority_code,
        e.census_date as return_date,
        e.sender,
        e.year,
        min(e.dec) as earliest_end
    from staging.ssda903_episodes as e
    where
        e.census_date <= cast(:census_date as date)
        and e.census_date > cast(:census_date as date) - interval '37 months'
        and e.authority_code is not null
    group by
        e.authority_code,
        e.census_date,
        e.sender,
        e.year
),

ranked as (
    select
        t.authority_code,
        t.return_date,
        t.sender,
        t.year,
        t.earliest_end,
        count(*) over (partition by t.authority_code, t.return_date, t.sender) as years,
        min(t.earliest_end) over (partition by t.authority_code, t.return_date, t.sender) as earliest_end_of_all,
        rank() over (partition by t.return_date, t.sender order by t.year desc nulls last) as year_position,
        rank() over (
            partition by t.authority_code, t.return_date
            order by case when t.sender = t.authority_code then 1 else 2 end, t.sender
        ) as sender_position
    from told as t
),

counted as (
    select
        r.authority_code,
        r.return_date,
        r.sender,
        r.year,
        greatest(
            cast(r.return_date - interval '12 months' + interval '1 day' as date),
            coalesce(r.earliest_end, r.return_date)
        ) as reaches_from,
        case
            when r.earliest_end_of_all is null then r.return_date
            else greatest(
                cast(r.return_date - r.years * interval '12 months' + interval '1 day' as date),
                cast(date_trunc('quarter', r.earliest_end_of_all) as date)
            )
        end as tells_from
    from ranked as r
    where
        r.year_position = 1
        and r.sender_position = 1
),

-- How many gaps lie between the return and the authority's newest one: a newer return that does not reach back to the day after this one.
linked as (
    select
        c.authority_code,
        c.return_date,
        c.sender,
        c.year,
        c.reaches_from,
        c.tells_from,
        min(c.reaches_from) over newer as retold_from,
        min(c.tells_from) over newer as newer_tell_from
    from counted as c
    window newer as (partition by c.authority_code order by c.return_date rows between 1 following and unbounded following)
),

chained as (
    select
        l.authority_code,
        l.return_date,
        l.sender,
        l.year,
        l.reaches_from,
        l.tells_from,
        l.retold_from,
        sum(case when l.newer_tell_from > l.return_date + interval '1 day' then 1 else 0 end) over (
            partition by l.authority_code
            order by l.return_date desc
            rows unbounded preceding
        ) as gaps
    from linked as l
)

select
    cast(:census_date as date) as census_date,
    c.authority_code,
    c.return_date,
    c.sender,
    c.year,
    c.reaches_from,
    c.retold_from,
    min(case when c.gaps = 0 then c.tells_from end) over (partition by c.authority_code) as held_from
from chained as c
