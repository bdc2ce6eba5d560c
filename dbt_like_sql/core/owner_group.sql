-- Who owns the settings in the register on the census date: one row an owner's text, with the group that it counts in.
-- Texts with the same plain name (case, spaces, Ltd and Limited, "and" and "&" aside) are one owner; beyond that only what people have decided
-- (same) joins two. Near names are not joined: they are proposals (core.owner_review). The group is blank where the text is damaged and nobody
-- has decided what it stands for.
-- grain: census_date, provider_name
with texts as (
    select
        s.provider_name,
        count(*) as settings,
        sum(s.places) as places
    from core.setting as s
    where
        s.census_date = cast(:census_date as date)
        and s.provider_name is not null
    group by s.provider_name
)

select
    cast(:census_date as date) as census_date,
    t.provider_name,
    n.owner_name,
    case
        when d.owner_group is not null then d.owner_group
        when not n.is_damaged then n.owner_name
    end as owner_group,
    case
        when d.owner_group is not null then 'decision'
        when n.is_damaged then 'damaged'
        else 'name'
    end as grouped_by,
    cast(t.settings as integer) as settings,
    cast(t.places as integer) as places
from texts as t
left join staging.owner_name as n
    on t.provider_name = n.provider_name
left join staging.owner_decision as d
    on n.owner_name = d.owner_name
    and d.decision = 'same'
