-- With whom are our children placed, and at what cost?
-- for: authority
-- Our own placements by provider, newest quarter. This reads rows about children: the reading is written down.
select
    p.organisation,
    p.provision_type,
    count(*) as placements,
    round(avg(p.total_weekly_cost), 2) as mean_weekly_cost,
    min(p.placement_start_date) as longest_since
from core.placement as p
where p.census_date = (select max(n.census_date) from curated.own_placements_location as n)
group by p.organisation, p.provision_type
order by placements desc, p.organisation
