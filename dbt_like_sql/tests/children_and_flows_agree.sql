-- The children of a year before, and who started, less who ceased, are about the children of the date: within a tenth, or ten children (who came
-- back, or turned from short breaks to care, is told differently by the two). More means that a return leaves out episodes that ended, or that
-- children were given new references. Ask the authority.
-- checks: curated.care_flows
-- severity: warns
with totals as (
    select
        c.authority_code,
        sum(case when c.census_date = cast(:census_date as date) then c.children end) as children,
        sum(case when c.census_date < cast(:census_date as date) then c.children end) as children_before
    from curated.children_looked_after as c
    where
        c.breakdown = 'total'
        and (
            c.census_date = cast(:census_date as date)
            or c.census_date = cast(cast(:census_date as date) - interval '12 months' as date)
        )
    group by c.authority_code
),

flows as (
    select
        f.authority_code,
        sum(case when f.direction = 'started' then f.children end) as started,
        sum(case when f.direction = 'ceased' then f.children end) as ceased
    from curated.care_flows as f
    where
        f.census_date = cast(:census_date as date)
        and f.breakdown = 'total'
    group by f.authority_code
)

select
    t.authority_code,
    t.children_before,
    f.started,
    f.ceased,
    t.children
from totals as t
inner join flows as f
    on t.authority_code = f.authority_code
where abs(t.children_before + f.started - f.ceased - t.children) > greatest(10, cast(t.children as numeric) / 10)
