-- The items of CANS, each once over both layouts: what it is about, and of whom.
-- grain: item
-- kind: view
select
    r.item,
    r.item_title,
    r.item_kind,
    r.item_of
from raw.cans_item as r
