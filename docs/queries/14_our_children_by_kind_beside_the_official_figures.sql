-- Who are our children, by age, sex, ethnic group, placement and legal status, beside England, the region and our neighbours?
-- for: authority
-- The newest official figures by kind, and ours of the same date where it is held. difference is ours less the official figure: given only
-- where the definition is the same. neighbours_mean is the unweighted mean of the ten statistical neighbours, as LAIT has it;
-- neighbours_pooled is of their children taken together. Rank 1 is the highest figure. A symbol (c: hidden) is no figure.
select
    b.measure,
    b.breakdown,
    b.category,
    b.unit,
    b.own_value as ours,
    coalesce(cast(b.official_value as text), b.official_symbol) as official,
    b.official_difference as difference,
    b.england_value as england,
    b.region_value as region,
    b.neighbours_mean,
    b.neighbours_pooled,
    b.rank_in_region,
    b.ranked_in_region,
    b.rank_in_england,
    b.ranked_in_england,
    b.published_by,
    b.release,
    b.period_end,
    b.definition_note
from curated.benchmark as b
where
    b.census_date = (select max(n.census_date) from curated.benchmark as n)
    and b.breakdown <> 'total'
order by b.authority_code, b.measure, b.breakdown, b.unit, b.category
