-- Ofsted's inspections and visits of authorities, typed, from the file in force: those of the last year, and all since 2018.
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
    cast(coalesce(r.inspection_date, r.visit_date) as date) as inspection_date,
    r.inspection_type,
    r.visit_theme,
    r.overall_effectiveness,
    r.leadership_judgement,
    r.protection_judgement,
    r.care_judgement,
    r.care_leavers_judgement
from raw.authority_inspection_history as r
inner join raw.submission_table as t
    on r.submission_id = t.submission_id
    and t.table_name = 'authority_inspection_history'
    and t.status = 'in force'
where r.fate = 'loaded'
