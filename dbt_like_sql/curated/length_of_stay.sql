-- How long the children looked after on the census date have been in care, and in the placement that they are in: children by length and by
-- the kind of provision that they are in, by the SSDA903 alone. Lengths are in months of 365.25 / 12 days, from the start to the date.
-- In care: since the start of the period of care, where the returns tell it (else Not known); in placement: since the placement began
-- (core.episode). mean_months is of the children of the row; median_months of all of the kind of provision with a known length.
-- grain: census_date, authority_code, breakdown, provision_type, category
with stays as (
    select
        c.authority_code,
        v.breakdown,
        coalesce(c.provision_type, 'No provider') as provision_type,
        case
            when v.breakdown = 'in placement' then cast(:census_date as date) - c.placement_start
            when c.period_start_is_known then cast(:census_date as date) - c.period_start
        end as days
    from core.child as c
    cross join (
        values
        ('in care'),
        ('in placement')
    ) as v (breakdown)
    where c.census_date = cast(:census_date as date)
),

measured as (
    select
        s.authority_code,
        s.breakdown,
        s.provision_type,
        cast(s.days as numeric) * 12 / 365.25 as months,
        case
            when s.days is null then 'Not known'
            when s.days * 12 < 6 * 365.25 then 'Under 6 months'
            when s.days * 12 < 12 * 365.25 then '6 to 11 months'
            when s.days * 12 < 24 * 365.25 then '1 year'
            when s.days * 12 < 60 * 365.25 then '2 to 4 years'
            else '5 years and more'
        end as category
    from stays as s
),

medians as (
    select
        m.authority_code,
        m.breakdown,
        m.provision_type,
        round(cast(percentile_cont(0.5) within group (order by m.months) as numeric), 1) as median_months
    from measured as m
    where m.months is not null
    group by
        m.authority_code,
        m.breakdown,
        m.provision_type
)

select
    cast(:census_date as date) as census_date,
    m.authority_code,
    a.authority_gss,
    coalesce(a.authority_name, m.authority_code) as authority_name,
    m.breakdown,
    m.provision_type,
    m.category,
    cast(count(*) as integer) as children,
    round(avg(m.months), 1) as mean_months,
    min(d.median_months) as median_months
from measured as m
left join medians as d
    on m.authority_code = d.authority_code
    and m.breakdown = d.breakdown
    and m.provision_type = d.provision_type
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and m.authority_code = a.authority_code
group by
    m.authority_code,
    a.authority_gss,
    a.authority_name,
    m.breakdown,
    m.provision_type,
    m.category
