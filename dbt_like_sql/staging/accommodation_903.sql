-- The SSDA903's codes of care leavers, accommodation: code and meaning.
-- grain: accommodation
-- kind: view
select
    r.label as accommodation,
    r.meaning,
    r.suitability
from raw.accommodation_903 as r
