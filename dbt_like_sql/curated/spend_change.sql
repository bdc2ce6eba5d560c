-- Why an authority's weekly spend on open placements changed over the year: each provision type's part of it, split into volume, mix and price.
-- Spend is the sum of the weekly costs above 0 in the placement census, young people placed after 18 included. With N the authority's placements
-- with a cost, n those of the type, p the type's mean cost, 0 a year before and 1 now:
--   volume = (N1 - N0) x n0 / N0 x p0   had the type grown or shrunk as the authority's placements did all together, at last year's price
--   mix    = (n1 - N1 x n0 / N0) x p0   more or fewer of the type than that, at last year's price
--   price  = n1 x (p1 - p0)             what they cost, dearer or cheaper than last year
-- The three add up to the change, row by row and so for the authority (mix takes what rounding the others to pennies leaves). A type that had no
-- placement with a cost a year before has no price of then: all of its spend is mix.
-- Both quarters must hold the authority's return, or all but this quarter's spend is blank. Look at placements_without_cost before trusting a change.
-- Annual spend: weekly spend x 365 / 7.
-- grain: census_date, authority_code, provision_type
with placements as (
    select
        p.placing_authority_code as authority_code,
        p.provision_type,
        p.census_date = cast(:census_date as date) as is_now,
        nullif(p.total_weekly_cost, 0) as cost
    from core.placement as p
    where p.census_date in (cast(:census_date as date), cast(cast(:census_date as date) - interval '12 months' as date))
),

by_type as (
    select
        p.authority_code,
        p.provision_type,
        count(case when p.is_now then p.cost end) as n1,
        count(case when not p.is_now then p.cost end) as n0,
        coalesce(sum(case when p.is_now then p.cost end), 0) as w1,
        coalesce(sum(case when not p.is_now then p.cost end), 0) as w0,
        sum(case when p.is_now and p.cost is null then 1 else 0 end) as without1,
        sum(case when not p.is_now and p.cost is null then 1 else 0 end) as without0
    from placements as p
    group by
        p.authority_code,
        p.provision_type
),

by_authority as (
    select
        p.authority_code,
        bool_or(p.is_now) as returned_now,
        bool_or(not p.is_now) as returned_before,
        count(case when p.is_now then p.cost end) as n1,
        count(case when not p.is_now then p.cost end) as n0
    from placements as p
    group by p.authority_code
),

compared as (
    select
        t.authority_code,
        t.provision_type,
        t.n1,
        t.w1,
        t.without1,
        case when a.returned_before then t.n0 end as n0,
        case when a.returned_before then t.w0 end as w0,
        case when a.returned_before then t.without0 end as without0,
        case when a.n0 > 0 then round((a.n1 - a.n0) * t.w0 / a.n0, 2) end as volume,
        case
            when a.n0 = 0 then null
            when t.n0 = 0 then 0
            else round(t.w1 - t.n1 * t.w0 / t.n0, 2)
        end as price
    from by_type as t
    inner join by_authority as a
        on t.authority_code = a.authority_code
    where a.returned_now
)

select
    cast(:census_date as date) as census_date,
    c.authority_code,
    a.authority_gss,
    coalesce(a.authority_name, c.authority_code) as authority_name,
    c.provision_type,
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
    round(c.w0 * 365 / 7, 2) as annual_spend_year_before
from compared as c
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and c.authority_code = a.authority_code
