-- High-cost placements under review, typed, from the returns in force.
-- grain: submission_id, sheet, row_number
-- kind: view
select
    r.submission_id,
    r.census_date,
    r.sender,
    r.sheet,
    r.row_number,
    r.child_key,
    cast(r.weekly_cost as numeric) as weekly_cost,
    cast(r.review_date as date) as review_date,
    r.review_outcome
from raw.high_cost_placements as r
inner join raw.submission_table as t
    on r.submission_id = t.submission_id
    and t.table_name = 'high_cost_placements'
    and t.status = 'in force'
where r.fate = 'loaded'
