-- Revenue outturn on children's social care (RO3), thousand pounds, from the file in force: one row an authority, class of them, or England.
-- grain: submission_id, sheet, row_number
-- kind: view
select
    r.submission_id,
    r.census_date,
    r.sender,
    t.version,
    r.sheet,
    r.row_number,
    r.statistics_area,
    r.statistics_area_name,
    r.looked_after_expenditure,
    r.looked_after_net,
    r.residential_expenditure,
    r.fostering_expenditure,
    r.unaccompanied_expenditure,
    r.other_looked_after_expenditure
from raw.revenue_outturn as r
inner join raw.submission_table as t
    on r.submission_id = t.submission_id
    and t.table_name = 'revenue_outturn'
    and t.status = 'in force'
where r.fate = 'loaded'
