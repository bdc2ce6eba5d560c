-- Owners' names that may be one owner, for a person to look through: every near pair, how near it is, and what was decided.
-- Confirm (same) or refuse (different) a pair by a line in schemas/reference/owner_groups.csv; proposed means that nobody has.
-- A pair counts as decided whichever of its names the line moves, and where both are moved to one group.
-- grain: owner_name, near_name
-- kind: view
with decided as (
    select
        p.owner_name,
        p.near_name,
        max(case when d.decision = 'different' then d.decided_by end) as refused_by,
        max(case when d.decision = 'same' then d.decided_by end) as confirmed_by
    from staging.owner_proposal as p
    inner join staging.owner_decision as d
        on (p.owner_name = d.owner_name and p.near_name = d.owner_group)
        or (p.near_name = d.owner_name and p.owner_name = d.owner_group)
    group by
        p.owner_name,
        p.near_name
),

moved_together as (
    select
        p.owner_name,
        p.near_name,
        max(b.decided_by) as confirmed_by
    from staging.owner_proposal as p
    inner join staging.owner_decision as a
        on p.owner_name = a.owner_name
        and a.decision = 'same'
    inner join staging.owner_decision as b
        on p.near_name = b.owner_name
        and b.decision = 'same'
        and a.owner_group = b.owner_group
    group by
        p.owner_name,
        p.near_name
)

select
    p.owner_name,
    p.near_name,
    p.similarity,
    case
        when coalesce(d.confirmed_by, m.confirmed_by) is not null then 'same'
        when d.refused_by is not null then 'different'
        else 'proposed'
    end as decision,
    coalesce(d.confirmed_by, m.confirmed_by, d.refused_by) as decided_by
from staging.owner_proposal as p
left join decided as d
    on p.owner_name = d.owner_name
    and p.near_name = d.near_name
left join moved_together as m
    on p.owner_name = m.owner_name
    and p.near_name = m.near_name
