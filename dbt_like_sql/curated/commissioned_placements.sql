-- Placements that an authority buys from independent settings, from its placement census.
-- All such rows of the census, young people placed after 18 included; looked_after and post_18 tell the two apart.
-- No official definition exists; the strategies print these counts (48, 43 and 42 in Stockport, March 2024).
-- grain: census_date, authority_code, provision_type
select
    p.census_date,
    p.placing_authority_code as authority_code,
    a.authority_gss,
    coalesce(a.authority_name, p.placing_authority_code) as authority_name,
    p.provision_type,
    cast(count(*) as integer) as placements,
    cast(sum(case when p.is_looked_after then 1 else 0 end) as integer) as looked_after,
    cast(sum(case when p.is_looked_after then 0 else 1 end) as integer) as post_18
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
    p.provision_type
