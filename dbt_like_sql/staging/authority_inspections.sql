-- Ofsted's judgements of authorities in force on a 31 March, typed, from the file in force: one row an authority.
-- grain: submission_id, sheet, row_number
-- kind: view
select
    r.submission_id,
    r.census_date,
    r.sender,
    t.version,
    r.sheet,
    r.row_number,
    r.inspected_authority as authority_code,
    cast(r.inspection_date as date) as inspection_date,
    r.overall_effectiveness,
    r.leadership_judgement,
    r.protection_judgement,
    r.care_judgement,
    r.care_leavers_judgement
from raw.authority_inspections as r
inner join raw.submission_table as t
    on r.submission_id = t.submission_id
    and t.table_name = 'authority_inspections'
    and t.status = 'in force'
where r.fate = 'loaded'
