-- The SSDA903's reasons for a change of placement: code and meaning.
-- grain: reason_place_change
-- kind: view
select
    r.label as reason_place_change,
    r.meaning
from raw.reason_place_change_903 as r
