-- Episodes of care by the SSDA903, as known on the census date: who was where under which legal status from when to when.
-- Of each stretch of time the newest return that reaches over it tells (core.ssda903_return): what ended before stays as an older return told it;
-- what an older return has, and a newer one that reaches over its end has not, was corrected away, and so was an open episode that the newest
-- has not. Two rows of one child and day: the one with length, of two with length the later; a start (RNE S) on the day stays one. An end after
-- the census date is none yet. ends_care: the end is other than X1, or has no reason and no episode follows that day or the next but by RNE S.
-- Period of care: from RNE S (or the first episode known, or the first after an end of care) to its end. Placement: begun by RNE S, P or B;
-- L, T and U begin none, nor does adoption by the present carers (A3, A5); temporary absences (T0 to T4) are no placement, and the return to the
-- same PLACE and address after one continues the earlier placement. While temporarily absent the child counts where it left and must return to.
-- Source: DfE, SSDA903 guide and data guidance to "Children looked after in England"; same-carer moves and T0 to T4 as inferred from published data.
-- grain: census_date, authority_code, child_key, decom
with held as (
    select
        r.return_date,
        e.authority_code,
        e.child_key,
        e.decom,
        case when e.dec <= cast(:census_date as date) then e.dec end as dec,
        case
            when max(case when e.reason_new_episode = 'S' then 1 else 0 end) over one_day = 1 then 'S'
            else e.reason_new_episode
        end as reason_new_episode,
        e.legal_status,
        e.category_of_need,
        e.place,
        e.place_provider,
        case when e.dec <= cast(:census_date as date) then e.reason_episode_ceased end as reason_episode_ceased,
        e.reason_place_change,
        e.placement_urn,
        e.age,
        e.age_at_start,
        case when e.dec <= cast(:census_date as date) then e.age_at_end end as age_at_end,
        e.placement_authority_code,
        e.placement_key,
        e.distance_miles,
        e.distance_is_approximate,
        e.place like 'T_' as is_temporary,
        e.legal_status in ('V3', 'V4') as is_short_break,
        row_number() over (
            partition by e.authority_code, e.child_key, e.decom
            order by
                r.return_date desc,
                e.year desc nulls last,
                case when e.dec = e.decom then 2 else 1 end,
                e.sheet desc,
                e.row_number desc
        ) as position
    from staging.ssda903_episodes as e
    inner join core.ssda903_return as r
        on e.authority_code = r.authority_code
        and e.census_date = r.return_date
        and e.sender = r.sender
    where
        r.census_date = cast(:census_date as date)
        and e.census_date <= cast(:census_date as date)
        and e.census_date > cast(:census_date as date) - interval '37 months'
        and e.decom <= cast(:census_date as date)
        and e.child_key is not null
        and (r.retold_from is null or e.dec < r.retold_from)
        and (e.dec is not null or r.year is null or e.year = r.year)
    window one_day as (partition by e.authority_code, e.child_key, e.decom, r.return_date, e.year)
),

begun as (
    select
        h.return_date,
        h.authority_code,
        h.child_key,
        h.decom,
        h.dec,
        h.reason_new_episode,
        h.legal_status,
        h.category_of_need,
        h.place,
        h.place_provider,
        h.reason_episode_ceased,
        h.reason_place_change,
        h.placement_urn,
        h.age,
        h.age_at_start,
        h.age_at_end,
        h.placement_authority_code,
        h.placement_key,
        h.distance_miles,
        h.distance_is_approximate,
        h.is_temporary,
        h.is_short_break,
        case
            when h.reason_new_episode = 'S' then 1
            when lag(h.decom) over child is null then 1
            when lag(h.reason_episode_ceased) over child <> 'X1' then 1
            when lag(h.reason_episode_ceased) over child is null and lag(h.dec) over child < h.decom - 1 then 1
            else 0
        end as begins_period,
        case
            when h.dec is null then false
            when h.reason_episode_ceased is not null then h.reason_episode_ceased <> 'X1'
            when lead(h.decom) over child is null or lead(h.reason_new_episode) over child = 'S' then true
            else lead(h.decom) over child > h.dec + 1
        end as ends_care
    from held as h
    where h.position = 1
    window child as (partition by h.authority_code, h.child_key order by h.decom)
),

in_periods as (
    select
        b.return_date,
        b.authority_code,
        b.child_key,
        b.decom,
        b.dec,
        b.reason_new_episode,
        b.legal_status,
        b.category_of_need,
        b.place,
        b.place_provider,
        b.reason_episode_ceased,
        b.reason_place_change,
        b.placement_urn,
        b.age,
        b.age_at_start,
        b.age_at_end,
        b.placement_authority_code,
        b.placement_key,
        b.distance_miles,
        b.distance_is_approximate,
        b.is_temporary,
        b.is_short_break,
        b.ends_care,
        sum(b.begins_period) over (
            partition by b.authority_code, b.child_key
            order by b.decom
            rows unbounded preceding
        ) as period_number
    from begun as b
),

-- Each episode with the number of those so far that were no temporary absence: an absence has the number of the placement that the child left.
settled as (
    select
        p.return_date,
        p.authority_code,
        p.child_key,
        p.decom,
        p.dec,
        p.reason_new_episode,
        p.legal_status,
        p.category_of_need,
        p.place,
        p.place_provider,
        p.reason_episode_ceased,
        p.reason_place_change,
        p.placement_urn,
        p.age,
        p.age_at_start,
        p.age_at_end,
        p.placement_authority_code,
        p.placement_key,
        p.distance_miles,
        p.distance_is_approximate,
        p.is_temporary,
        p.is_short_break,
        p.ends_care,
        p.period_number,
        first_value(p.decom) over period as period_start,
        first_value(p.reason_new_episode) over period as first_reason,
        first_value(p.is_short_break) over period as began_as_short_break,
        sum(case when p.is_temporary then 0 else 1 end) over period as settled_number
    from in_periods as p
    window period as (partition by p.authority_code, p.child_key, p.period_number order by p.decom rows unbounded preceding)
),

located as (
    select
        s.return_date,
        s.authority_code,
        s.child_key,
        s.decom,
        s.dec,
        s.reason_new_episode,
        s.legal_status,
        s.category_of_need,
        s.place,
        first_value(s.place) over place_left as place_counted,
        first_value(s.place_provider) over place_left as place_provider,
        s.reason_episode_ceased,
        s.reason_place_change,
        first_value(s.placement_urn) over place_left as placement_urn,
        s.age,
        s.age_at_start,
        s.age_at_end,
        first_value(s.placement_authority_code) over place_left as placement_authority_code,
        first_value(s.placement_key) over place_left as placement_key,
        first_value(s.distance_miles) over place_left as distance_miles,
        first_value(s.distance_is_approximate) over place_left as distance_is_approximate,
        s.is_temporary,
        s.is_short_break,
        s.ends_care,
        s.period_number,
        s.period_start,
        s.first_reason,
        s.began_as_short_break,
        s.settled_number
    from settled as s
    window
        place_left as (
            partition by s.authority_code, s.child_key, s.period_number, s.settled_number
            order by s.decom
            rows unbounded preceding
        )
),

placed as (
    select
        l.return_date,
        l.authority_code,
        l.child_key,
        l.decom,
        l.dec,
        l.reason_new_episode,
        l.legal_status,
        l.category_of_need,
        l.place,
        l.place_counted,
        l.place_provider,
        l.reason_episode_ceased,
        l.reason_place_change,
        l.placement_urn,
        l.age,
        l.age_at_start,
        l.age_at_end,
        l.placement_authority_code,
        l.distance_miles,
        l.distance_is_approximate,
        l.is_temporary,
        l.is_short_break,
        l.ends_care,
        l.period_number,
        l.period_start,
        l.first_reason,
        l.began_as_short_break,
        case
            when l.is_temporary then 0
            when l.settled_number = 1 then 1
            when coalesce(l.reason_new_episode, 'P') not in ('S', 'P', 'B') then 0
            when l.place in ('A3', 'A5') then 0
            when
                lag(l.is_temporary) over period
                and l.place = lag(l.place_counted) over period
                and l.placement_key is not distinct from lag(l.placement_key) over period
                then 0
            else 1
        end as begins_placement
    from located as l
    window period as (partition by l.authority_code, l.child_key, l.period_number order by l.decom)
)

select
    cast(:census_date as date) as census_date,
    p.authority_code,
    p.child_key,
    p.decom,
    p.dec,
    p.return_date,
    p.reason_new_episode,
    p.legal_status,
    p.category_of_need,
    p.place,
    p.place_counted,
    p.place_provider,
    p.reason_episode_ceased,
    p.reason_place_change,
    p.placement_urn,
    p.age,
    p.age_at_start,
    p.age_at_end,
    p.placement_authority_code,
    p.distance_miles,
    p.distance_is_approximate,
    p.is_temporary,
    p.is_short_break,
    p.ends_care,
    cast(p.period_number as integer) as period_number,
    p.period_start,
    coalesce(p.first_reason = 'S', false) as period_start_is_known,
    p.began_as_short_break,
    cast(nullif(sum(p.begins_placement) over period, 0) as integer) as placement_number,
    max(case when p.begins_placement = 1 then p.decom end) over period as placement_start
from placed as p
window period as (partition by p.authority_code, p.child_key, p.period_number order by p.decom rows unbounded preceding)
