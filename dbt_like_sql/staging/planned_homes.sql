-- Homes in planning and development, typed, from the returns in force.
-- grain: submission_id, sheet, row_number
-- kind: view
select
    r.submission_id,
    r.census_date,
    r.sender,
    r.sheet,
    r.row_number,
    r.planned_authority as authority_code,
    cast(r.beds as integer) as beds,
    r.planned_category,
    r.stage,
    cast(r.expected_opening as date) as expected_opening
from raw.planned_homes as r
inner join raw.submission_table as t
    on r.submission_id = t.submission_id
    and t.table_name = 'planned_homes'
    and t.status = 'in force'
where r.fate = 'loaded'
