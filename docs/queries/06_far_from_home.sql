-- How many of our children live more than 20 miles from home, in which kind of provision?
-- for: authority
-- From the SSDA903, newest quarter; shares are of all placements, unknown distances included.
select
    d.provision_type,
    sum(d.placements) filter (where d.distance_band = 'more than 20 miles') as more_than_20_miles,
    sum(d.placements) filter (where d.distance_band like 'not known%') as distance_not_known,
    sum(d.placements) as placements
from curated.placement_distance as d
where d.census_date = (select max(n.census_date) from curated.placement_distance as n)
group by d.provision_type
order by more_than_20_miles desc nulls last
