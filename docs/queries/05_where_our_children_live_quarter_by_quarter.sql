-- Where do our children live, quarter by quarter?
-- for: authority
-- Our own placements of looked-after children: in our area, in our sub-region, elsewhere, not known.
select
    o.census_date,
    o.location_band,
    sum(o.placements) as placements,
    round(sum(o.placements) * 100.0 / nullif(sum(sum(o.placements)) over (partition by o.census_date), 0), 1) as share_percent,
    min(o.source) as source
from curated.own_placements_location as o
group by o.census_date, o.location_band
order by o.census_date, o.location_band
