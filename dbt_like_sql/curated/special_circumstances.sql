-- Placements in special circumstances, from an authority's placement census: deprivation of liberty, solo placements, unregistered settings,
-- and young people placed after 18, who are counted nowhere else but in commissioned placements and cost. A placement may be in several.
-- Every category has a row for an authority that returned, 0 included; the share is of all rows of its return. Blank before December 2025
-- where the return did not ask then: deprivation of liberty, solo placements, and those placed after 18.
-- grain: census_date, authority_code, category
with placements as (
    select
        p.placing_authority_code as authority_code,
        p.is_looked_after,
        p.deprivation_of_liberty,
        p.solo_placement,
        p.is_unregistered
    from core.placement as p
    where p.census_date = cast(:census_date as date)
),

totals as (
    select
        p.authority_code,
        count(*) as all_placements,
        sum(case when p.deprivation_of_liberty = 'DoLS (current)' then 1 else 0 end) as deprived_now,
        sum(case when p.deprivation_of_liberty = 'DoLS (previous)' then 1 else 0 end) as deprived_before,
        sum(
            case
                when p.solo_placement in ('Yes, and is in a solo placement', 'No, but is in a solo placement') then 1
                else 0
            end
        ) as in_solo,
        sum(case when p.solo_placement = 'Yes, but is not in a solo placement' then 1 else 0 end) as needs_solo,
        sum(case when p.is_unregistered then 1 else 0 end) as unregistered,
        sum(case when not p.is_looked_after then 1 else 0 end) as post_18
    from placements as p
    group by p.authority_code
),

layout as (
    select bool_or(b.broken_on <= cast(:census_date as date)) as asks
    from staging.series_break as b
    where b.break_reason = 'layout_2025_12'
),

counted as (
    select
        t.authority_code,
        v.category,
        t.all_placements,
        v.category = 'Unregistered setting' or coalesce(l.asks, false) as is_asked,
        case v.category
            when 'Deprivation of liberty: current' then t.deprived_now
            when 'Deprivation of liberty: previous' then t.deprived_before
            when 'In a solo placement' then t.in_solo
            when 'Needs a solo placement and is not in one' then t.needs_solo
            when 'Unregistered setting' then t.unregistered
            else t.post_18
        end as placements
    from totals as t
    cross join layout as l
    cross join (
        values
        ('Deprivation of liberty: current'),
        ('Deprivation of liberty: previous'),
        ('In a solo placement'),
        ('Needs a solo placement and is not in one'),
        ('Unregistered setting'),
        ('Placed after 18')
    ) as v (category)
)

select
    cast(:census_date as date) as census_date,
    c.authority_code,
    a.authority_gss,
    coalesce(a.authority_name, c.authority_code) as authority_name,
    c.category,
    case when c.is_asked then cast(c.placements as integer) end as placements,
    case when c.is_asked then round(cast(c.placements as numeric) / nullif(c.all_placements, 0), 6) end as share
from counted as c
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and c.authority_code = a.authority_code
