-- Placements that an authority buys from independent settings, from its placement census: of children looked after, and of young
-- people placed after 18, each a population of its own. Those placed after 18 come with the return's layout of December 2025: a
-- series of both together is broken there. No official definition exists; the strategies print these counts (48, 43 and 42 in
-- Stockport, March 2024).
-- grain: census_date, authority_code, provision_type, population
select
    p.census_date,
    p.placing_authority_code as authority_code,
    a.authority_gss,
    coalesce(a.authority_name, p.placing_authority_code) as authority_name,
    p.provision_type,
    case when p.is_looked_after then 'looked after' else 'post 18' end as population,
    cast(count(*) as integer) as placements
from core.placement as p
left join core.authority as a
    on p.census_date = a.census_date
    and p.placing_authority_code = a.authority_code
where
    p.census_date = cast(:census_date as date)
    and p.arrangement = 'independent'
group by
    p.census_date,
    p.placing_authority_code,
    a.authority_gss,
    a.authority_name,
    p.provision_type,
    p.is_looked_after
