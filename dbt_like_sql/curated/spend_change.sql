-- Why an authority's weekly spend on open placements changed over the year: each provision type's part of it, split into volume, mix and price.
-- Spend is the sum of the weekly costs above 0 in the placement census: of children looked after, and of young people placed after 18, each a
-- population of its own. With N the authority's placements of the population with a cost, n those of the type, p the type's mean cost, 0 a year
-- before and 1 now:
--   volume = (N1 - N0) x n0 / N0 x p0   had the type grown or shrunk as the authority's placements did all together, at last year's price
--   mix    = (n1 - N1 x n0 / N0) x p0   more or fewer of the type than that, at last year's price
--   price  = n1 x (p1 - p0)             what they cost, dearer or cheaper than last year
-- The three add up to the change, row by row and so for the population (mix takes what rounding the others to pennies leaves). A type that had no
-- placement with a cost a year before has no price of then: all of its spend is mix.
-- Both quarters must hold the authority's return, or all but this quarter's spend is blank; so it is across a break of the series, which
-- break_reason names: no_return_year_before, or a break of the population's or the type's series (staging.series_break). Look at
-- placements_without_cost before trusting a change.
-- Annual spend: weekly spend x 365 / 7.
-- grain: census_date, authority_code, provision_type, population
with placements as (
    select
        p.placing_authority_code as authority_code,
        p.provision_type,
        case when p.is_looked_after then 'looked after' else 'post 18' end as population,
        p.census_date = cast(:census_date as date) as is_now,
        nullif(p.total_weekly_cost, 0) as cost
    from core.placement as p
    where p.census_date in (cast(:census_date as date), cast(cast(:census_date as date) - interval '12 months' as date))
),

by_type as (
    select
        p.authority_code,
        p.provision_type,
        p.population,
        sum(case when p.is_now then 1 else 0 end) as rows_now,
        count(case when p.is_now then p.cost end) as n1,
        count(case when not p.is_now then p.cost end) as n0,
        coalesce(sum(case when p.is_now then p.cost end), 0) as w1,
        coalesce(sum(case when not p.is_now then p.cost end), 0) as w0,
        sum(case when p.is_now and p.cost is null then 1 else 0 end) as without1,
        sum(case when not p.is_now and p.cost is null then 1 else 0 end) as without0
    from placements as p
    group by
        p.authority_code,
        p.provision_type,
        p.population
),

by_authority as (
    select
        p.authority_code,
        bool_or(p.is_now) as returned_now,
        bool_or(not p.is_now) as returned_before
    from placements as p
    group by p.authority_code
),

by_population as (
    select
        p.authority_code,
        p.population,
        count(case when p.is_now then p.cost end) as n1,
        count(case when not p.is_now then p.cost end) as n0
    from placements as p
    group by
        p.authority_code,
        p.population
),

judged as (
    select
        t.authority_code,
        t.provision_type,
        t.population,
        t.rows_now,
        t.n1,
        t.w1,
        t.without1,
        t.n0,
        t.w0,
        t.without0,
        q.n1 as all1,
        q.n0 as all0,
        case
            when not a.returned_before then 'no_return_year_before'
            else coalesce(bp.break_reason, bt.break_reason)
        end as break_reason
    from by_type as t
    inner join by_authority as a
        on t.authority_code = a.authority_code
    inner join by_population as q
        on t.authority_code = q.authority_code
        and t.population = q.population
    left join core.year_broken as bp
        on bp.census_date = cast(:census_date as date)
        and bp.series_by = 'population'
        and t.population = bp.series
    left join core.year_broken as bt
        on bt.census_date = cast(:census_date as date)
        and bt.series_by = 'provision_type'
        and t.provision_type = bt.series
    where a.returned_now
),

compared as (
    select
        j.authority_code,
        j.provision_type,
        j.population,
        j.n1,
        j.w1,
        j.without1,
        case when j.break_reason is null then j.n0 end as n0,
        case when j.break_reason is null then j.w0 end as w0,
        case when j.break_reason is null then j.without0 end as without0,
        case when j.break_reason is null and j.all0 > 0 then round((j.all1 - j.all0) * j.w0 / j.all0, 2) end as volume,
        case
            when j.break_reason is not null or j.all0 = 0 then null
            when j.n0 = 0 then 0
            else round(j.w1 - j.n1 * j.w0 / j.n0, 2)
        end as price,
        j.break_reason
    from judged as j
    where
        j.break_reason is null
        or j.rows_now > 0
)

select
    cast(:census_date as date) as census_date,
    c.authority_code,
    a.authority_gss,
    coalesce(a.authority_name, c.authority_code) as authority_name,
    c.provision_type,
    c.population,
    cast(c.n1 as integer) as placements,
    cast(c.n0 as integer) as placements_year_before,
    cast(c.without1 as integer) as placements_without_cost,
    cast(c.without0 as integer) as placements_without_cost_year_before,
    c.w1 as weekly_spend,
    c.w0 as weekly_spend_year_before,
    c.w1 - c.w0 as weekly_spend_change,
    c.volume as change_by_volume,
    c.w1 - c.w0 - c.volume - c.price as change_by_mix,
    c.price as change_by_price,
    round(c.w1 * 365 / 7, 2) as annual_spend,
    round(c.w0 * 365 / 7, 2) as annual_spend_year_before,
    c.break_reason
from compared as c
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and c.authority_code = a.authority_code
