-- The children of a setting come from one sender. A failure means that two senders' lists of the same home are added together, and its
-- children counted twice in origins and flows: only those of the sender that counts (core.setting_return) may stand in core.
-- checks: core.setting_child
-- severity: blocks
select
    c.urn,
    c.host_authority_code,
    count(distinct c.sender) as senders
from core.setting_child as c
inner join core.setting_return as r
    on c.census_date = r.census_date
    and c.urn = r.urn
    and c.host_authority_code = r.host_authority_code
where c.census_date = cast(:census_date as date)
group by
    c.urn,
    c.host_authority_code
having count(distinct c.sender) > 1
