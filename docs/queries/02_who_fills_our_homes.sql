-- Who fills our homes?
-- for: authority
-- Children and young people living in the settings of our area, by where they come from, newest quarter.
select
    o.host_authority_name,
    o.provision_type,
    o.origin_band,
    o.children,
    round(o.share * 100, 1) as share_percent
from curated.host_authority_origin as o
where o.census_date = (select max(n.census_date) from curated.host_authority_origin as n)
order by o.host_authority_name, o.provision_type, o.children desc
