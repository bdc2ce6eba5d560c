-- Where do our children live, quarter by quarter?
-- for: authority
-- Our looked-after children by the SSDA903: in our area, in our sub-region, elsewhere, not known. A quarter without our SSDA903 is
-- left out: the placement census tells of commissioned placements alone.
select
    o.census_date,
    o.location_band,
    sum(o.placements) as placements,
    round(sum(o.placements) * 100.0 / nullif(sum(sum(o.placements)) over (partition by o.census_date), 0), 1) as share_percent
from curated.own_placements_location as o
where o.covers = 'all'
group by o.census_date, o.location_band
order by o.census_date, o.location_band
