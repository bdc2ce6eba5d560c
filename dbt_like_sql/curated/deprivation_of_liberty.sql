-- Children under a deprivation of liberty order on the census date, by the SSDA903's table of orders: in all, by age and by provision type.
-- Only for authorities that sent the table for the date; the total is there for each of them, 0 included. mean_days: from the start of the oldest
-- of a child's orders in force to the date. Sensitive whatever the number: in no release. special_circumstances has what the placement census says.
-- grain: census_date, authority_code, breakdown, category
with returned as (
    select distinct
        d.authority_code
    from staging.ssda903_dolo as d
    where
        d.census_date = cast(:census_date as date)
        and d.authority_code is not null
),

children as (
    select
        o.authority_code,
        o.child_key,
        max(o.days_so_far) as days_so_far,
        max(
            case
                when o.age < 10 then 'Under 10'
                when o.age < 13 then '10 to 12'
                when o.age < 16 then '13 to 15'
                when o.age >= 16 then '16 and over'
                else 'Not known'
            end
        ) as age_band,
        max(case when o.place_counted is null then 'Not looked after' else coalesce(o.provision_type, 'No provider') end) as provision_type
    from core.deprivation_order as o
    where
        o.census_date = cast(:census_date as date)
        and o.order_is_open
    group by
        o.authority_code,
        o.child_key
),

counted as (
    select
        r.authority_code,
        'total' as breakdown,
        'Total' as category,
        cast(count(c.child_key) as integer) as children,
        round(avg(c.days_so_far), 1) as mean_days
    from returned as r
    left join children as c
        on r.authority_code = c.authority_code
    group by r.authority_code
    union all
    select
        c.authority_code,
        'age' as breakdown,
        c.age_band as category,
        cast(count(*) as integer) as children,
        round(avg(c.days_so_far), 1) as mean_days
    from children as c
    group by
        c.authority_code,
        c.age_band
    union all
    select
        c.authority_code,
        'provision type' as breakdown,
        c.provision_type as category,
        cast(count(*) as integer) as children,
        round(avg(c.days_so_far), 1) as mean_days
    from children as c
    group by
        c.authority_code,
        c.provision_type
)

select
    cast(:census_date as date) as census_date,
    c.authority_code,
    a.authority_gss,
    coalesce(a.authority_name, c.authority_code) as authority_name,
    c.breakdown,
    c.category,
    c.children,
    c.mean_days
from counted as c
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and c.authority_code = a.authority_code
