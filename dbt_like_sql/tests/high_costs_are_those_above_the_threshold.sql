-- The high-cost placements are the returned placements above the region's threshold, all of them and no other. A failure means that an authority
-- looks through too few of its dearest placements, or sees what is not its own.
-- checks: curated.high_cost_placements
-- severity: blocks
with returned as (
    select
        p.placing_authority_code,
        count(*) as placements,
        sum(p.total_weekly_cost) as weekly_cost
    from core.placement as p
    cross join (select max(m.high_cost_weekly) as high_cost_weekly from staging.region_member as m) as t
    where
        p.census_date = cast(:census_date as date)
        and p.total_weekly_cost > t.high_cost_weekly
    group by p.placing_authority_code
),

listed as (
    select
        h.placing_authority_code,
        count(*) as placements,
        sum(h.total_weekly_cost) as weekly_cost
    from curated.high_cost_placements as h
    where h.census_date = cast(:census_date as date)
    group by h.placing_authority_code
)

select
    coalesce(l.placing_authority_code, r.placing_authority_code) as placing_authority_code,
    l.placements,
    r.placements as placements_returned
from listed as l
full join returned as r
    on l.placing_authority_code = r.placing_authority_code
where
    l.placements is distinct from r.placements
    or l.weekly_cost is distinct from r.weekly_cost
