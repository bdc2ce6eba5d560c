-- The children of a setting are those of the sender that counts for it (core.setting_return). A failure means that two senders' lists of
-- the same home are added together, and its children counted twice in origins and flows. Where a child's host is unknown, its sender counts
-- for the URN in some authority, if anybody does.
-- checks: core.setting_child
-- severity: blocks
with counting as (
    select
        r.urn,
        r.host_authority_code,
        r.sender
    from core.setting_return as r
    where r.census_date = cast(:census_date as date)
),

children as (
    select
        c.urn,
        c.host_authority_code,
        c.sender,
        count(*) as children
    from core.setting_child as c
    where c.census_date = cast(:census_date as date)
    group by
        c.urn,
        c.host_authority_code,
        c.sender
)

select
    c.urn,
    c.host_authority_code,
    c.sender,
    c.children
from children as c
left join counting as s
    on c.urn = s.urn
    and c.host_authority_code = s.host_authority_code
where
    s.sender <> c.sender
    or (
        c.host_authority_code = 'UNKNOWN'
        and c.urn in (select k.urn from counting as k)
        and not exists (select 1 as found from counting as k where k.urn = c.urn and k.sender = c.sender)
    )
