-- The SSDA903's unaccompanied asylum-seeking children, typed, from the returns in force.
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
    r.sex,
    cast(r.duc as date) as duc,
    r.year
from raw.ssda903_uasc as r
inner join raw.submission_table as t
    on r.submission_id = t.submission_id
    and t.table_name = 'ssda903_uasc'
    and t.status = 'in force'
where r.fate = 'loaded'
