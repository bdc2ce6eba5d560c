-- Assessments of needs by CANS, ages 0 to 5, typed, from the returns in force.
-- grain: submission_id, sheet, row_number
-- kind: view
select
    r.submission_id,
    r.census_date,
    r.sender,
    r.sheet,
    r.row_number,
    r.authority_code,
    r.child_key,
    cast(r.assessment_date as date) as assessment_date,
    cast(r.age_at_assessment as integer) as age_at_assessment,
    r.assessment_type,
    r.needs_found,
    r.traumas_found,
    cast(r.items_answered as integer) as items_answered
from raw.cans_0_5 as r
inner join raw.submission_table as t
    on r.submission_id = t.submission_id
    and t.table_name = 'cans_0_5'
    and t.status = 'in force'
where r.fate = 'loaded'
