-- The SSDA903's ethnicity codes and DfE's groups of them.
-- grain: ethnic
-- kind: view
select
    r.label as ethnic,
    r.meaning,
    r.ethnic_group
from raw.ethnic_903 as r
