-- How full are the region's homes, authority by authority?
-- for: regional
-- Children's homes, newest quarter.
select
    a.sub_region_name,
    o.host_authority_name,
    o.settings_registered,
    o.places_registered,
    o.occupied,
    o.vacant,
    o.unavailable,
    round(o.occupancy_rate * 100, 1) as occupancy_percent,
    round(o.coverage_places * 100, 0) as coverage_percent
from curated.host_authority_occupancy as o
inner join core.authority as a
    on o.host_authority_code = a.authority_code
    and o.census_date = a.census_date
where
    o.census_date = (select max(n.census_date) from curated.host_authority_occupancy as n)
    and o.provision_type = 'Children''s home'
    and a.is_member
order by a.sub_region_name, o.host_authority_name
