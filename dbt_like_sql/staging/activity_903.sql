-- The SSDA903's codes of care leavers, activity: code and meaning.
-- grain: activity
-- kind: view
select
    r.label as activity,
    r.meaning,
    r.activity_group
from raw.activity_903 as r
