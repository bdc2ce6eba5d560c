-- The SSDA903's legal status codes and DfE's groups of them.
-- grain: legal_status
-- kind: view
select
    r.label as legal_status,
    r.meaning,
    r.legal_status_group
from raw.legal_status_903 as r
