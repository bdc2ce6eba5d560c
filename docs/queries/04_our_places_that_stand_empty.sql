-- Of the places in our area, which stand empty, and why can they not be offered?
-- for: authority
-- Newest quarter; coverage says how much of the register has answered.
select
    o.provision_type,
    o.places_returned,
    o.occupied,
    o.vacant,
    o.unavailable,
    round(o.coverage_places * 100, 0) as coverage_percent,
    u.reason,
    u.places as places_for_this_reason
from curated.host_authority_occupancy as o
left join curated.unavailable_places as u
    on o.census_date = u.census_date
    and o.host_authority_code = u.host_authority_code
    and o.provision_type = u.provision_type
where
    o.census_date = (select max(n.census_date) from curated.host_authority_occupancy as n)
    and o.places_returned > 0
order by o.provision_type, u.places desc
