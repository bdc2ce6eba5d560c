-- Children looked after on the census date, by DfE's definition, from the SSDA903 of that date: the total and what it is made of.
-- Every breakdown adds up to the total (category Total). Placement type: DfE's eight classes since 2024, with a break in the series on
-- 28 October 2023, when unregistered semi-independent placements became Other placements. Temporary absences count where the child left.
-- The rate is of the total only, per 10,000 people aged 0 to 17: ONS mid-year of the calendar year before the 31 March that ends the date's
-- reporting year (mid-2024 for 31 March 2025), else the newest held; population_year says which.
-- Source: DfE, "Children looked after in England", data guidance and authority-level files of 2024 and 2025.
-- grain: census_date, authority_code, breakdown, category
with children as (
    select
        c.authority_code,
        c.age_band,
        c.sex,
        c.ethnic_group,
        case when c.is_unaccompanied then 'UASC' else 'Non-UASC' end as unaccompanied,
        c.placement_type,
        c.placement_provider,
        c.legal_status_group
    from core.child as c
    where c.census_date = cast(:census_date as date)
),

returned as (
    select s.authority_code
    from core.ssda903_return as s
    where
        s.census_date = cast(:census_date as date)
        and s.return_date = s.census_date
),

totals as (
    select
        r.authority_code,
        count(c.authority_code) as children
    from returned as r
    left join children as c
        on r.authority_code = c.authority_code
    group by r.authority_code
),

counted as (
    select
        t.authority_code,
        'total' as breakdown,
        'Total' as category,
        t.children
    from totals as t
    union all
    select
        c.authority_code,
        'age' as breakdown,
        c.age_band as category,
        count(*) as children
    from children as c
    group by
        c.authority_code,
        c.age_band
    union all
    select
        c.authority_code,
        'sex' as breakdown,
        c.sex as category,
        count(*) as children
    from children as c
    group by
        c.authority_code,
        c.sex
    union all
    select
        c.authority_code,
        'ethnic group' as breakdown,
        c.ethnic_group as category,
        count(*) as children
    from children as c
    group by
        c.authority_code,
        c.ethnic_group
    union all
    select
        c.authority_code,
        'unaccompanied' as breakdown,
        c.unaccompanied as category,
        count(*) as children
    from children as c
    group by
        c.authority_code,
        c.unaccompanied
    union all
    select
        c.authority_code,
        'placement type' as breakdown,
        c.placement_type as category,
        count(*) as children
    from children as c
    group by
        c.authority_code,
        c.placement_type
    union all
    select
        c.authority_code,
        'placement provider' as breakdown,
        c.placement_provider as category,
        count(*) as children
    from children as c
    group by
        c.authority_code,
        c.placement_provider
    union all
    select
        c.authority_code,
        'legal status' as breakdown,
        c.legal_status_group as category,
        count(*) as children
    from children as c
    group by
        c.authority_code,
        c.legal_status_group
)

select
    cast(:census_date as date) as census_date,
    c.authority_code,
    a.authority_gss,
    coalesce(a.authority_name, c.authority_code) as authority_name,
    c.breakdown,
    c.category,
    cast(c.children as integer) as children,
    round(cast(c.children as numeric) / nullif(t.children, 0), 6) as share,
    case when c.breakdown = 'total' then round(cast(c.children as numeric) * 10000 / nullif(p.people, 0), 1) end as rate_per_10k,
    case when c.breakdown = 'total' then p.population_year end as population_year
from counted as c
inner join totals as t
    on c.authority_code = t.authority_code
left join core.population as p
    on p.census_date = cast(:census_date as date)
    and c.authority_code = p.authority_code
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and c.authority_code = a.authority_code
