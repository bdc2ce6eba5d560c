-- The SSDA903's codes of care leavers, in touch: code and meaning.
-- grain: in_touch
-- kind: view
select
    r.label as in_touch,
    r.meaning
from raw.in_touch_903 as r
