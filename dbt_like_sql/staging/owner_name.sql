-- Owners as the register writes them, and each text's plain name: two texts with one plain name are one owner.
-- schemas/owners.py defines a plain name.
-- A damaged text (no word in it: a number or a time that a spreadsheet left) names no owner.
-- grain: provider_name
-- kind: view
select
    r.provider_name,
    r.owner_name,
    cast(r.is_damaged as boolean) as is_damaged
from raw.owner_name as r
