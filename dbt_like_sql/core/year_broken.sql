-- Series that are broken between the quarter twelve months before the census date and the date: their change on a year before is blank, for
-- the reason given (of two breaks in one year the later).
-- grain: census_date, series_by, series
-- readers: members
select distinct on (b.series_by, b.series)
    cast(:census_date as date) as census_date,
    b.series_by,
    b.series,
    b.break_reason
from staging.series_break as b
where
    b.broken_on <= cast(:census_date as date)
    and b.broken_on > cast(cast(:census_date as date) - interval '12 months' as date)
order by
    b.series_by,
    b.series,
    b.broken_on desc
