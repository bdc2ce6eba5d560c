-- Each authority's ten statistical neighbours, the closest first (DfE, 2025).
-- grain: authority_code, closeness
-- kind: view
select
    r.authority_code,
    cast(r.closeness as integer) as closeness,
    r.neighbour_code,
    r.how_close
from raw.statistical_neighbours as r
