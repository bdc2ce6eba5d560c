-- Placements that cost more a week than the region's threshold (high_cost_weekly in its file), one row a placement: an authority's own
-- rows only, never to be published. From the placement census, young people placed after 18 included.
-- Weeks and cost so far run from the start of the placement to the census date, at today's weekly cost: cost x days / 7. Blank where the start is
-- not given or lies after the date. The review is the one that the authority's return of placements under review gives for
-- the child, the newest of several.
-- grain: census_date, placing_authority_code, placement_number
with threshold as (
    select max(m.high_cost_weekly) as high_cost_weekly
    from staging.region_member as m
),

reviews as (
    select
        r.sender as placing_authority_code,
        r.child_key,
        r.review_date,
        r.review_outcome,
        row_number() over (partition by r.sender, r.child_key order by r.review_date desc, r.sheet desc, r.row_number desc) as position
    from staging.high_cost_placements as r
    where r.census_date = cast(:census_date as date)
),

placements as (
    select
        p.placing_authority_code,
        row_number() over (partition by p.placing_authority_code order by p.submission_id, p.sheet, p.row_number) as placement_number,
        p.child_key,
        p.provision_type,
        p.is_looked_after,
        p.host_authority_code,
        p.organisation,
        p.sourcing_route,
        p.placement_start_date,
        case
            when p.placement_start_date <= cast(:census_date as date) then cast(:census_date as date) - p.placement_start_date
        end as days_so_far,
        p.total_weekly_cost
    from core.placement as p
    where p.census_date = cast(:census_date as date)
)

select
    cast(:census_date as date) as census_date,
    p.placing_authority_code,
    a.authority_gss as placing_authority_gss,
    coalesce(a.authority_name, p.placing_authority_code) as placing_authority_name,
    cast(p.placement_number as integer) as placement_number,
    p.provision_type,
    p.is_looked_after,
    p.host_authority_code,
    h.authority_gss as host_authority_gss,
    coalesce(h.authority_name, p.host_authority_code) as host_authority_name,
    p.organisation,
    p.sourcing_route,
    p.total_weekly_cost,
    t.high_cost_weekly,
    p.placement_start_date,
    round(cast(p.days_so_far as numeric) / 7, 1) as weeks_so_far,
    round(p.total_weekly_cost * p.days_so_far / 7, 2) as cost_so_far,
    r.review_date,
    r.review_outcome
from placements as p
inner join threshold as t
    on p.total_weekly_cost > t.high_cost_weekly
left join reviews as r
    on p.placing_authority_code = r.placing_authority_code
    and p.child_key = r.child_key
    and r.position = 1
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and p.placing_authority_code = a.authority_code
left join core.authority as h
    on h.census_date = cast(:census_date as date)
    and p.host_authority_code = h.authority_code
