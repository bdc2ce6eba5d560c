-- Our counts of children are those that DfE has published of the same date and definition, but for small differences: five children
-- or two per cent, whichever is more (DfE revises its figures, and returns are corrected after they were sent). A failure means that an authority's
-- return and what it told DfE are not the same children: ask the authority which is right (curated.benchmark has both figures).
-- checks: curated.benchmark
-- severity: warns
select
    b.census_date,
    b.authority_code,
    b.measure,
    b.breakdown,
    b.category,
    b.unit,
    b.own_value,
    b.official_value,
    b.official_difference,
    b.release,
    b.period_end
from curated.benchmark as b
where
    b.census_date = cast(:census_date as date)
    and b.unit = 'children'
    and abs(b.official_difference) > greatest(5, 0.02 * b.official_value)
