-- What an authority's placement census answers of its looked-after children, counted by question: distance reason (why the placement is at a
-- distance) and sourcing route (by which framework or contract it was found). Not given where the return is blank.
-- The share is of all the authority's placements of looked-after children, those without an answer included.
-- grain: census_date, authority_code, question, category
with placements as (
    select
        p.placing_authority_code as authority_code,
        q.question,
        coalesce(case q.question when 'distance reason' then p.distance_reason else p.sourcing_route end, 'Not given') as category
    from core.placement as p
    cross join (values ('distance reason'), ('sourcing route')) as q (question)
    where
        p.census_date = cast(:census_date as date)
        and p.is_looked_after
),

counted as (
    select
        p.authority_code,
        p.question,
        p.category,
        count(*) as placements
    from placements as p
    group by
        p.authority_code,
        p.question,
        p.category
)

select
    cast(:census_date as date) as census_date,
    c.authority_code,
    a.authority_gss,
    coalesce(a.authority_name, c.authority_code) as authority_name,
    c.question,
    c.category,
    cast(c.placements as integer) as placements,
    round(c.placements / sum(c.placements) over (partition by c.authority_code, c.question), 6) as share
from counted as c
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and c.authority_code = a.authority_code
