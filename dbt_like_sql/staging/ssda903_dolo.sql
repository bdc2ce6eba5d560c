-- The SSDA903's deprivation of liberty orders, typed, from the returns in force.
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
    cast(r.dolo_start as date) as dolo_start,
    cast(r.dolo_end as date) as dolo_end,
    cast(r.age_at_start as integer) as age_at_start,
    r.year
from raw.ssda903_dolo as r
inner join raw.submission_table as t
    on r.submission_id = t.submission_id
    and t.table_name = 'ssda903_dolo'
    and t.status = 'in force'
where r.fate = 'loaded'
