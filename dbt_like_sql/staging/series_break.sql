-- Where a series is broken: from the day on, figures of the series are not those of the same thing before, and no change is given across it.
-- A series is all figures whose column series_by holds that value (all of the population post 18, of a provision type, of a coverage).
-- grain: break_reason, series_by, series
-- kind: view
select
    r.break_reason,
    cast(r.broken_on as date) as broken_on,
    r.series_by,
    r.series,
    r.why
from raw.series_breaks as r
