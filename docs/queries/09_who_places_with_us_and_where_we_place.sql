-- With which authorities do we exchange children?
-- for: authority
-- Flows to and from our area, newest quarter, as the providers say and as the authorities say.
select
    f.placing_authority_name,
    f.host_authority_name,
    sum(f.children_by_providers) as children_by_providers,
    sum(f.children_by_authorities) as children_by_authorities
from curated.placement_flow as f
where
    f.census_date = (select max(n.census_date) from curated.placement_flow as n)
    and f.placing_authority_code <> f.host_authority_code
group by f.placing_authority_name, f.host_authority_name
order by children_by_providers desc nulls last, f.placing_authority_name
