-- The SSDA903's spells of being missing or away, typed, from the returns in force.
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
    r.missing,
    cast(r.missing_start as date) as missing_start,
    cast(r.missing_end as date) as missing_end,
    r.year
from raw.ssda903_missing as r
inner join raw.submission_table as t
    on r.submission_id = t.submission_id
    and t.table_name = 'ssda903_missing'
    and t.status = 'in force'
where r.fate = 'loaded'
