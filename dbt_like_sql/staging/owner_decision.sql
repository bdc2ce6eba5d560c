-- What people have decided of owners (schemas/reference/owner_groups.csv): that a name belongs to an owner group, or that it does not.
-- grain: owner_name, owner_group
-- kind: view
select
    r.owner_name,
    r.owner_group,
    r.decision,
    r.decided_by,
    cast(nullif(r.decided_on, '') as date) as decided_on,
    r.note
from raw.owner_decision as r
