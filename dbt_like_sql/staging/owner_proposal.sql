-- Pairs of plain names that are near each other and may be one owner: proposals for a person to confirm or refuse. No figure rests on them.
-- grain: owner_name, near_name
-- kind: view
select
    r.owner_name,
    r.near_name,
    cast(r.similarity as integer) as similarity
from raw.owner_proposal as r
