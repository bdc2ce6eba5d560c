-- What children need, by their CANS assessments: how many have each need on which to act, and each trauma, in all, by provision type, by distance
-- from home and by age. Beyond the authority there are these counts alone: the children and their answers are its own.
-- The four newest assessments on or before the date count. children_now: the newest found it; children_in_any: one of the four did.
-- children_assessed is of the whole category, the share is of it. Where a child is placed the SSDA903 says, joined by child key; a child that it
-- does not have as looked after on the date is in the category 'Not looked after'. A need that nobody of a category has is in no row.
-- grain: census_date, authority_code, breakdown, category, item
with assessed as (
    select distinct
        a.authority_code,
        a.child_key
    from core.child_assessment as a
    where a.census_date = cast(:census_date as date)
),

placed as (
    select
        a.authority_code,
        a.child_key,
        case when c.child_key is null then 'Not looked after' else coalesce(c.provision_type, 'No provider') end as provision_type,
        case
            when c.child_key is null then 'Not looked after'
            when c.distance_miles is null or c.distance_miles = 999.9 then 'not known or not recorded'
            when c.distance_miles <= 20 then '20 miles or less'
            else 'more than 20 miles'
        end as distance_band,
        coalesce(c.age_band, 'Not looked after') as age_band
    from assessed as a
    left join core.child as c
        on c.census_date = cast(:census_date as date)
        and a.authority_code = c.authority_code
        and a.child_key = c.child_key
),

placed_by as (
    select
        p.authority_code,
        p.child_key,
        v.breakdown,
        case v.breakdown
            when 'total' then 'Total'
            when 'provision type' then p.provision_type
            when 'distance band' then p.distance_band
            else p.age_band
        end as category
    from placed as p
    cross join (
        values
        ('total'),
        ('provision type'),
        ('distance band'),
        ('age')
    ) as v (breakdown)
),

of_category as (
    select
        p.authority_code,
        p.breakdown,
        p.category,
        count(*) as children_assessed
    from placed_by as p
    group by
        p.authority_code,
        p.breakdown,
        p.category
),

with_it as (
    select
        p.authority_code,
        p.breakdown,
        p.category,
        n.item,
        n.item_title,
        n.item_kind,
        n.item_of,
        sum(case when n.is_found_now then 1 else 0 end) as children_now,
        count(*) as children_in_any
    from placed_by as p
    inner join core.child_need as n
        on n.census_date = cast(:census_date as date)
        and p.authority_code = n.authority_code
        and p.child_key = n.child_key
    group by
        p.authority_code,
        p.breakdown,
        p.category,
        n.item,
        n.item_title,
        n.item_kind,
        n.item_of
)

select
    cast(:census_date as date) as census_date,
    w.authority_code,
    a.authority_gss,
    coalesce(a.authority_name, w.authority_code) as authority_name,
    w.breakdown,
    w.category,
    w.item,
    w.item_title,
    w.item_kind,
    w.item_of,
    cast(c.children_assessed as integer) as children_assessed,
    cast(w.children_now as integer) as children_now,
    cast(w.children_in_any as integer) as children_in_any,
    round(cast(w.children_now as numeric) / nullif(c.children_assessed, 0), 6) as share
from with_it as w
inner join of_category as c
    on w.authority_code = c.authority_code
    and w.breakdown = c.breakdown
    and w.category = c.category
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and w.authority_code = a.authority_code
