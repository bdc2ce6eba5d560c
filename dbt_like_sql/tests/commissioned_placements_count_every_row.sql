-- Commissioned placements are the independent placements of the returns, looked after and post 18 apart. A failure means that what an
-- authority buys is over- or understated.
-- checks: curated.commissioned_placements
-- severity: blocks
with bought as (
    select
        p.placing_authority_code,
        p.provision_type,
        p.is_looked_after,
        count(*) as placements
    from core.placement as p
    where
        p.census_date = cast(:census_date as date)
        and p.arrangement = 'independent'
    group by
        p.placing_authority_code,
        p.provision_type,
        p.is_looked_after
),

figures as (
    select
        c.authority_code,
        c.provision_type,
        c.population,
        c.placements
    from curated.commissioned_placements as c
    where c.census_date = cast(:census_date as date)
)

select
    coalesce(f.authority_code, b.placing_authority_code) as authority_code,
    coalesce(f.provision_type, b.provision_type) as provision_type,
    f.placements,
    b.placements as placements_returned
from figures as f
full join bought as b
    on f.authority_code = b.placing_authority_code
    and f.provision_type = b.provision_type
    and f.population = case when b.is_looked_after then 'looked after' else 'post 18' end
where f.placements is distinct from b.placements
