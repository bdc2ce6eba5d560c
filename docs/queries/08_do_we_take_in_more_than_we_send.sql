-- Do we take in more children than we send away, quarter by quarter?
-- for: authority
-- DfE's net gain: other authorities' children inside our area, less our own outside it. Blank, with the reason, where our SSDA903 is not in.
select
    n.census_date,
    n.own_inside,
    n.own_outside,
    n.others_inside,
    n.net_gain,
    n.blank_reason,
    round(n.coverage_places * 100, 0) as coverage_percent
from curated.net_position as n
order by n.census_date
