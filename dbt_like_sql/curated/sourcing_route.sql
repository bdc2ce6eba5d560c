-- How an authority's placements of looked-after children were sourced: by framework or contract, from its placement census.
-- The share is of all its placements of looked-after children; Not given where the return is blank.
-- grain: census_date, authority_code, category
select
    a.census_date,
    a.authority_code,
    a.authority_gss,
    a.authority_name,
    a.category,
    a.placements,
    a.share
from core.placement_answer as a
where
    a.census_date = cast(:census_date as date)
    and a.question = 'sourcing route'
