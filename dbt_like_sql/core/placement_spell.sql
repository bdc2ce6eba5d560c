-- Placements of children in care as their SSDA903 has them, one row a placement: episodes with the same carer put together (core.episode).
-- Short breaks (V3, V4) are none. A placement is described by its last episode: where it is, who provides it, how it ended; a temporary
-- absence stays the placement that the child left. placement_end is blank while it is open. A placement was followed where another of the same
-- period of care comes after it; else care ended with it. reason_place_change: the last one given in it. The placement_start of the first that is
-- known is that of its first episode known.
-- grain: census_date, authority_code, child_key, period_number, placement_number
with episodes as (
    select
        e.authority_code,
        e.child_key,
        e.period_number,
        e.placement_number,
        e.decom,
        e.dec,
        e.place_counted,
        e.place_provider,
        e.placement_urn,
        e.reason_place_change,
        e.age_at_start,
        e.ends_care,
        row_number() over placement as from_the_first,
        row_number() over (
            partition by e.authority_code, e.child_key, e.period_number, e.placement_number
            order by e.decom desc
        ) as from_the_last,
        max(e.placement_number) over (partition by e.authority_code, e.child_key, e.period_number) as last_placement
    from core.episode as e
    where
        e.census_date = cast(:census_date as date)
        and not e.is_short_break
        and e.placement_number is not null
    window placement as (partition by e.authority_code, e.child_key, e.period_number, e.placement_number order by e.decom)
),

reasons as (
    select
        e.authority_code,
        e.child_key,
        e.period_number,
        e.placement_number,
        e.reason_place_change,
        row_number() over (
            partition by e.authority_code, e.child_key, e.period_number, e.placement_number
            order by e.decom desc
        ) as position
    from episodes as e
    where e.reason_place_change is not null
)

select
    cast(:census_date as date) as census_date,
    l.authority_code,
    l.child_key,
    l.period_number,
    l.placement_number,
    f.decom as placement_start,
    l.dec as placement_end,
    f.age_at_start,
    l.placement_number < l.last_placement as is_followed,
    l.place_counted,
    l.place_provider,
    case
        when p.provision_type = 'by provider' and l.place_provider = 'PR1' then 'In-house fostering'
        when p.provision_type = 'by provider' and l.place_provider in ('PR4', 'PR5') then 'Independent fostering'
        when p.provision_type in ('by provider', 'of the placement left') then 'Other'
        else coalesce(nullif(p.provision_type, ''), 'No provider')
    end as provision_type,
    l.placement_urn,
    r.reason_place_change
from episodes as l
inner join episodes as f
    on l.authority_code = f.authority_code
    and l.child_key = f.child_key
    and l.period_number = f.period_number
    and l.placement_number = f.placement_number
    and f.from_the_first = 1
left join reasons as r
    on l.authority_code = r.authority_code
    and l.child_key = r.child_key
    and l.period_number = r.period_number
    and l.placement_number = r.placement_number
    and r.position = 1
left join staging.place_903 as p
    on l.place_counted = p.place
where l.from_the_last = 1
