-- Official statistics as DfE's open data have them, from the files in force: one row a period, place and category, figures as published.
-- A file of one data set does not take the place of a file of another; of one data set core.official_figure takes the newest.
-- grain: submission_id, sheet, row_number
-- kind: view
select
    r.submission_id,
    r.census_date,
    r.sender,
    t.version,
    r.sheet,
    r.row_number,
    r.data_set,
    r.time_period,
    r.time_identifier,
    r.geographic_level,
    r.country_code,
    r.country_name,
    r.statistics_region_code,
    r.statistics_region_name,
    r.old_la_code,
    r.la_name,
    r.new_la_code,
    r.filter_1,
    r.filter_2,
    r.filter_3,
    r.filter_4,
    r.figure_count,
    r.figure_percent,
    r.figure_rate,
    r.figure_population
from raw.official_statistics as r
inner join raw.submission_table as t
    on r.submission_id = t.submission_id
    and t.table_name = 'official_statistics'
    and t.status = 'in force'
where r.fate = 'loaded'
