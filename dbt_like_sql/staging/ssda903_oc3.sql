-- The SSDA903's care leavers, typed, from the returns in force.
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
    r.in_touch,
    r.activity,
    r.accommodation,
    r.year
from raw.ssda903_oc3 as r
inner join raw.submission_table as t
    on r.submission_id = t.submission_id
    and t.table_name = 'ssda903_oc3'
    and t.status = 'in force'
where r.fate = 'loaded'
