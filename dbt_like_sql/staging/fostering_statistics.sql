-- Ofsted's fostering statistics by authority, from the file in force: one row an area and item, figures as published.
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
    r.area_kind,
    r.fostering_topic,
    r.fostering_sub_topic,
    r.fostering_item,
    r.figure_value
from raw.fostering_statistics as r
inner join raw.submission_table as t
    on r.submission_id = t.submission_id
    and t.table_name = 'fostering_statistics'
    and t.status = 'in force'
where r.fate = 'loaded'
