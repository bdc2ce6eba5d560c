-- People aged 0 to 17, mid-year, by authority (ONS).
-- grain: authority_code, mid_year
-- kind: view
select
    r.authority_code,
    cast(r.mid_year as integer) as mid_year,
    cast(r.people as integer) as people
from raw.population_0_17 as r
