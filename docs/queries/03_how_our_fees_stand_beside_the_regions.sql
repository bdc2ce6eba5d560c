-- How do our fees stand beside the region's?
-- for: authority
-- Mean and median weekly fee of our open placements by provision type, newest quarter, and the ratio of our mean to the region's.
-- Fees of open placements, not section 251 unit costs. Another authority's fees are never shown: of the sub-region and region they are in whole
-- tens of pounds, and how many placements they are of is blank.
select
    w.area_name,
    w.provision_type,
    w.population,
    w.placements,
    w.mean_weekly_cost,
    w.median_weekly_cost,
    w.ratio_to_region,
    w.mean_weekly_cost_change,
    w.break_reason
from curated.weekly_cost as w
where
    w.census_date = (select max(n.census_date) from curated.weekly_cost as n)
    and w.basis = 'all open'
order by w.area_level, w.provision_type, w.population
