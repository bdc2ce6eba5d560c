-- How an authority's placements of looked-after children were sourced: by framework or contract, from its placement census.
-- The share is of all of them; Not given where the return is blank.
-- grain: census_date, authority_code, category
with placements as (
    select
        p.placing_authority_code as authority_code,
        coalesce(p.sourcing_route, 'Not given') as category
    from core.placement as p
    where
        p.census_date = cast(:census_date as date)
        and p.is_looked_after
),

totals as (
    select
        p.authority_code,
        count(*) as all_placements
    from placements as p
    group by p.authority_code
)

select
    cast(:census_date as date) as census_date,
    p.authority_code,
    a.authority_gss,
    coalesce(a.authority_name, p.authority_code) as authority_name,
    p.category,
    cast(count(*) as integer) as placements,
    round(cast(count(*) as numeric) / t.all_placements, 6) as share
from placements as p
inner join totals as t
    on p.authority_code = t.authority_code
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and p.authority_code = a.authority_code
group by
    p.authority_code,
    a.authority_gss,
    a.authority_name,
    p.category,
    t.all_placements
