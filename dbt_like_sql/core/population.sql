-- The population that a rate on the census date is of: people aged 0 to 17, mid-year of the calendar year before the 31 March that ends the
-- date's reporting year (mid-2024 for 31 March 2025), else the newest year held before it.
-- Source: ONS mid-year estimates; DfE's outcomes dashboard for which year goes with which date.
-- grain: census_date, authority_code
-- readers: members
with wanted as (
    select
        cast(
            extract(year from cast(:census_date as date))
            - case when extract(month from cast(:census_date as date)) <= 3 then 1 else 0 end
            as integer
        ) as mid_year
),

ranked as (
    select
        p.authority_code,
        p.mid_year,
        p.people,
        row_number() over (partition by p.authority_code order by p.mid_year desc) as position
    from staging.population_0_17 as p
    inner join wanted as w
        on p.mid_year <= w.mid_year
)

select
    cast(:census_date as date) as census_date,
    r.authority_code,
    r.people,
    r.mid_year as population_year
from ranked as r
where r.position = 1
