-- Who owns the settings in the register on the census date: one row an owner's text, with the group that it counts in. First what the region has
-- decided (schemas/reference/owner_groups.csv), then the ultimate owner by Ofsted's list, then equal plain names (case, spaces, Ltd and Limited,
-- "and" and "&" aside). Near names are not joined: they are proposals (core.owner_review). Ofsted's list is the newest one in force of the census
-- date or an earlier one. It names owners by URN: a plain name has the ultimate owner that its settings in the list have, where that is one, and its
-- settings that are not in the list (registered since, or passed over) have it too; where the list gives one name several, the name itself is the
-- owner. A damaged text has an ultimate owner only where all of its settings are in the list with the same one; else, unless the region has decided,
-- its group is blank. What the region decides of an ultimate owner's name holds for all that it owns. group_by_name: the group without Ofsted's
-- list; what changed between a date with and one without is told by it.
-- grain: census_date, provider_name
-- readers: members
with list_in_use as (
    select max(o.census_date) as census_date
    from staging.ultimate_owners as o
    where o.census_date <= cast(:census_date as date)
),

owned as (
    select
        o.urn,
        min(n.owner_name) as ultimate_owner,
        count(distinct n.owner_name) as owners
    from staging.ultimate_owners as o
    inner join list_in_use as l
        on o.census_date = l.census_date
    inner join staging.owner_name as n
        on o.ultimate_owner = n.provider_name
    where not n.is_damaged
    group by o.urn
),

texts as (
    select
        s.provider_name,
        n.owner_name,
        n.is_damaged,
        case when n.is_damaged then s.provider_name else n.owner_name end as known_by,
        o.ultimate_owner,
        coalesce(o.owners, 0) as owners,
        s.urn,
        s.places
    from core.setting as s
    left join staging.owner_name as n
        on s.provider_name = n.provider_name
    left join owned as o
        on s.urn = o.urn
    where
        s.census_date = cast(:census_date as date)
        and s.provider_name is not null
),

ultimate as (
    select
        t.known_by,
        t.is_damaged,
        min(t.ultimate_owner) as ultimate_owner
    from texts as t
    group by
        t.known_by,
        t.is_damaged
    having
        count(distinct t.ultimate_owner) = 1
        and max(t.owners) = 1
        and (not t.is_damaged or min(t.owners) = 1)
),

summed as (
    select
        t.provider_name,
        t.owner_name,
        t.is_damaged,
        t.known_by,
        count(*) as settings,
        sum(t.places) as places
    from texts as t
    group by
        t.provider_name,
        t.owner_name,
        t.is_damaged,
        t.known_by
),

decided as (
    select
        d.owner_name,
        d.owner_group
    from staging.owner_decision as d
    where d.decision = 'same'
)

select
    cast(:census_date as date) as census_date,
    t.provider_name,
    t.owner_name,
    coalesce(d.owner_group, p.owner_group, u.ultimate_owner, case when not t.is_damaged then t.owner_name end) as owner_group,
    case
        when d.owner_group is not null then 'decision'
        when u.ultimate_owner is not null then 'ultimate owner'
        when t.is_damaged then 'damaged'
        else 'name'
    end as grouped_by,
    coalesce(d.owner_group, case when not t.is_damaged then t.owner_name end) as group_by_name,
    cast(t.settings as integer) as settings,
    cast(t.places as integer) as places
from summed as t
left join decided as d
    on t.owner_name = d.owner_name
left join ultimate as u
    on t.known_by = u.known_by
    and t.is_damaged = u.is_damaged
left join decided as p
    on u.ultimate_owner = p.owner_name
