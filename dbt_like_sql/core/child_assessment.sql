-- CANS assessments that count on the census date: of each child the four newest on or before it, of both layouts, from the returns of the date.
-- Of two of one child and day the one counts that answered more, then the later row. Children are joined with the SSDA903 by child key.
-- grain: census_date, authority_code, child_key, assessment_number
with told as (
    select
        a.authority_code,
        a.child_key,
        a.assessment_date,
        a.assessment_type,
        a.needs_found,
        a.traumas_found,
        a.items_answered,
        a.sheet,
        a.row_number
    from staging.cans_6_21 as a
    where a.census_date = cast(:census_date as date)
    union all
    select
        a.authority_code,
        a.child_key,
        a.assessment_date,
        a.assessment_type,
        a.needs_found,
        a.traumas_found,
        a.items_answered,
        a.sheet,
        a.row_number
    from staging.cans_0_5 as a
    where a.census_date = cast(:census_date as date)
),

once as (
    select
        t.authority_code,
        t.child_key,
        t.assessment_date,
        t.assessment_type,
        t.needs_found,
        t.traumas_found,
        t.items_answered,
        row_number() over (
            partition by t.authority_code, t.child_key, t.assessment_date
            order by
                t.items_answered desc,
                t.sheet desc,
                t.row_number desc
        ) as position
    from told as t
    where
        t.child_key is not null
        and t.assessment_date <= cast(:census_date as date)
),

ranked as (
    select
        o.authority_code,
        o.child_key,
        o.assessment_date,
        o.assessment_type,
        o.needs_found,
        o.traumas_found,
        o.items_answered,
        cast(row_number() over (partition by o.authority_code, o.child_key order by o.assessment_date desc) as integer) as assessment_number
    from once as o
    where o.position = 1
)

select
    cast(:census_date as date) as census_date,
    r.authority_code,
    r.child_key,
    r.assessment_number,
    r.assessment_date,
    r.assessment_type,
    r.needs_found,
    r.traumas_found,
    r.items_answered
from ranked as r
where r.assessment_number <= 4
