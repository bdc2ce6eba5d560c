-- The SSDA903's children placed for adoption, typed, from the returns in force.
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
    cast(r.date_placed as date) as date_placed,
    cast(r.date_placed_ceased as date) as date_placed_ceased,
    r.reason_placed_ceased,
    r.year
from raw.ssda903_placed_for_adoption as r
inner join raw.submission_table as t
    on r.submission_id = t.submission_id
    and t.table_name = 'ssda903_placed_for_adoption'
    and t.status = 'in force'
where r.fate = 'loaded'
