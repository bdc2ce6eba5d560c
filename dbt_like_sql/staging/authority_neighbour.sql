-- Pairs of authorities that share a border, each pair both ways round.
-- grain: authority_code, neighbour_code
-- kind: view
select
    n.authority_code,
    n.neighbour_code
from raw.authority_neighbour as n
