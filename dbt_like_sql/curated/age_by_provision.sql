-- Children by age and kind of provision, by the SSDA903 alone. population: looked after (on the census date, at their age on it), started (placements
-- begun in the twelve months to it, at the age on that day: moves into residential care at 13 and under are the bands up to 13 of Children's home and
-- its like; no rows until the returns tell of the whole twelve months). mean_age and median_age are of all of the kind of provision with a known
-- age, in every row of it. A child may start several placements in a year: each counts.
-- grain: census_date, authority_code, population, provision_type, category
with whole_year as (
    select s.authority_code
    from core.ssda903_return as s
    where
        s.census_date = cast(:census_date as date)
        and s.return_date = s.census_date
        and s.held_from <= cast(:census_date as date) - interval '12 months' + interval '1 day'
),

ages as (
    select
        c.authority_code,
        'looked after' as population,
        coalesce(c.provision_type, 'No provider') as provision_type,
        c.age
    from core.child as c
    where c.census_date = cast(:census_date as date)
    union all
    select
        p.authority_code,
        'started' as population,
        p.provision_type,
        p.age_at_start as age
    from core.placement_spell as p
    inner join whole_year as r
        on p.authority_code = r.authority_code
    where
        p.census_date = cast(:census_date as date)
        and p.placement_start > cast(:census_date as date) - interval '12 months'
),

of_type as (
    select
        g.authority_code,
        g.population,
        g.provision_type,
        round(avg(cast(g.age as numeric)), 1) as mean_age,
        round(cast(percentile_cont(0.5) within group (order by g.age) as numeric), 1) as median_age
    from ages as g
    group by
        g.authority_code,
        g.population,
        g.provision_type
),

banded as (
    select
        g.authority_code,
        g.population,
        g.provision_type,
        case
            when g.age is null then 'Not known'
            when g.age < 5 then 'Under 5'
            when g.age < 10 then '5 to 9'
            when g.age < 13 then '10 to 12'
            when g.age = 13 then '13'
            when g.age < 16 then '14 to 15'
            else '16 and over'
        end as category
    from ages as g
)

select
    cast(:census_date as date) as census_date,
    b.authority_code,
    a.authority_gss,
    coalesce(a.authority_name, b.authority_code) as authority_name,
    b.population,
    b.provision_type,
    b.category,
    cast(count(*) as integer) as children,
    min(t.mean_age) as mean_age,
    min(t.median_age) as median_age
from banded as b
inner join of_type as t
    on b.authority_code = t.authority_code
    and b.population = t.population
    and b.provision_type = t.provision_type
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and b.authority_code = a.authority_code
group by
    b.authority_code,
    a.authority_gss,
    a.authority_name,
    b.population,
    b.provision_type,
    b.category
