-- Homes in planning and development, by the authority in which they will be and the stage they have reached. What the authority itself sends of its
-- area counts; only where it sends nothing do the region's and other authorities' returns.
-- The next opening is the earliest expected one that the return gives.
-- grain: census_date, authority_code, stage
with planned as (
    select
        p.authority_code,
        p.stage,
        p.beds,
        p.expected_opening,
        p.sender = p.authority_code as is_own,
        bool_or(p.sender = p.authority_code) over (partition by p.authority_code) as has_own
    from staging.planned_homes as p
    where p.census_date = cast(:census_date as date)
)

select
    cast(:census_date as date) as census_date,
    p.authority_code,
    a.authority_gss,
    coalesce(a.authority_name, p.authority_code) as authority_name,
    p.stage,
    cast(count(*) as integer) as homes_planned,
    cast(sum(p.beds) as integer) as beds_planned,
    min(p.expected_opening) as next_opening
from planned as p
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and p.authority_code = a.authority_code
where
    p.is_own
    or not p.has_own
group by
    p.authority_code,
    a.authority_gss,
    a.authority_name,
    p.stage
