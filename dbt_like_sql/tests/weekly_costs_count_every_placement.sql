-- An authority's placements with a cost and without one are all the placements of its return, and the median lies between the deciles. A failure
-- means that a cost is of some of the placements and says that it is of all.
-- checks: curated.weekly_cost
-- severity: blocks
with returned as (
    select
        p.placing_authority_code,
        p.provision_type,
        case when p.is_looked_after then 'looked after' else 'post 18' end as population,
        count(*) as placements,
        sum(case when p.total_weekly_cost > 0 then 1 else 0 end) as with_cost
    from core.placement as p
    inner join core.area as a
        on p.census_date = a.census_date
        and p.placing_authority_code = a.authority_code
        and a.area_level = 'authority'
    where p.census_date = cast(:census_date as date)
    group by
        p.placing_authority_code,
        p.provision_type,
        p.is_looked_after
),

figures as (
    select
        w.area_code,
        w.provision_type,
        w.population,
        w.placements,
        w.placements_without_cost
    from curated.weekly_cost as w
    where
        w.census_date = cast(:census_date as date)
        and w.area_level = 'authority'
        and w.basis = 'all open'
)

select
    coalesce(f.area_code, r.placing_authority_code) as area_code,
    coalesce(f.provision_type, r.provision_type) as provision_type,
    f.placements
from figures as f
full join returned as r
    on f.area_code = r.placing_authority_code
    and f.provision_type = r.provision_type
    and f.population = r.population
where
    f.placements is distinct from r.with_cost
    or f.placements + f.placements_without_cost <> r.placements
union all
select
    w.area_code,
    w.provision_type,
    w.placements
from curated.weekly_cost as w
where
    w.census_date = cast(:census_date as date)
    and (
        w.lower_decile_weekly_cost > w.median_weekly_cost
        or w.median_weekly_cost > w.upper_decile_weekly_cost
        or (w.placements > 0) <> (w.mean_weekly_cost is not null)
        or (w.break_reason is not null and w.mean_weekly_cost_change is not null)
        or w.authorities_in_both > w.authorities_returned
    )
