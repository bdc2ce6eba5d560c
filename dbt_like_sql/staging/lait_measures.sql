-- Measures of DfE's local authority interactive tool, from the file in force: one row a measure, period and area, figures as published.
-- grain: submission_id, sheet, row_number
-- kind: view
select
    r.submission_id,
    r.census_date,
    r.sender,
    t.version,
    r.sheet,
    r.row_number,
    r.lait_measure,
    r.lait_period,
    r.la_number,
    r.statistics_area,
    r.figure_value
from raw.lait_measures as r
inner join raw.submission_table as t
    on r.submission_id = t.submission_id
    and t.table_name = 'lait_measures'
    and t.status = 'in force'
where r.fate = 'loaded'
