-- How did our returns come in?
-- for: authority
-- Rows received, loaded, rejected and set aside, quarter by quarter.
select
    r.census_date,
    r.table_name,
    r.version,
    r.status,
    r.rows_received,
    r.rows_loaded,
    r.rows_rejected,
    r.rows_set_aside,
    r.days_late
from curated.return_quality as r
order by r.census_date desc, r.table_name
