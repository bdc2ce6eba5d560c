-- How do we stand beside England, the region and our ten statistical neighbours, and do our returns say what we told DfE?
-- for: authority
-- The newest official figures, with their release and date, and ours of the same date where it is held. difference is ours less the official
-- figure: given only where the definition is the same; definition_note says where it is not. A symbol (c: hidden) is no figure.
select
    b.measure,
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
    b.census_date = (select max(census_date) from curated.benchmark)
    and b.breakdown = 'total'
order by b.authority_code, b.measure, b.unit
