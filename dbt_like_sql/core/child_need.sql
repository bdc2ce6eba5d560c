-- Needs on which to act (scored 2 or 3) and traumas (Yes, or 2 or 3 of what is scored) of each child, by its CANS assessments that count.
-- Strengths are no needs. assessments: how many of the child's count, of which assessments_with_it found it; is_found_now: the newest did.
-- grain: census_date, authority_code, child_key, item
with counted as (
    select
        a.authority_code,
        a.child_key,
        count(*) as assessments
    from core.child_assessment as a
    where a.census_date = cast(:census_date as date)
    group by
        a.authority_code,
        a.child_key
),

found as (
    select
        a.authority_code,
        a.child_key,
        i.item,
        count(*) as assessments_with_it,
        min(a.assessment_number) as newest_with_it
    from core.child_assessment as a
    inner join staging.cans_item as i
        on position(concat(';', i.item, ';') in concat(a.needs_found, a.traumas_found)) > 0
    where a.census_date = cast(:census_date as date)
    group by
        a.authority_code,
        a.child_key,
        i.item
)

select
    cast(:census_date as date) as census_date,
    f.authority_code,
    f.child_key,
    f.item,
    i.item_title,
    i.item_kind,
    i.item_of,
    cast(c.assessments as integer) as assessments,
    cast(f.assessments_with_it as integer) as assessments_with_it,
    f.newest_with_it = 1 as is_found_now
from found as f
inner join counted as c
    on f.authority_code = c.authority_code
    and f.child_key = c.child_key
inner join staging.cans_item as i
    on f.item = i.item
