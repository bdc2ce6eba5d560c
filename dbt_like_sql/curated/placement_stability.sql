-- How stable children's placements are, by DfE's two measures. Children looked after on the census date, short breaks out.
-- Three or more: of all of them, those with three or more placements in the twelve months to the date, one already open at the start included.
-- Same carer for two years: of those under 16 whose unbroken period of care began by two and a half years before (and not as a short break),
-- those whose placement began by two years before, or who are placed for adoption (A3 to A6) and whose adoptive and previous placement
-- together did. Months before a quarter end are counted from quarter end to quarter end (30 September less 30 months is 31 March). Three or more
-- counts the placements open on the first day of the twelve months, or begun in them: one that ended on the first day was not open on it.
-- core.episode defines what begins a placement. Blank until returns are held that reach back far enough.
-- Source: DfE, data guidance to "Children looked after in England" (local authority level tables); LAIT measure 372.
-- grain: census_date, authority_code
with days as (
    select
        cast(d.next_day - interval '12 months' as date) as first_day,
        cast(d.next_day - interval '24 months' - interval '1 day' as date) as two_years_ago,
        cast(d.next_day - interval '30 months' - interval '1 day' as date) as long_ago
    from (select cast(:census_date as date) + interval '1 day' as next_day) as d
),

children as (
    select
        c.authority_code,
        c.child_key,
        c.age,
        c.place_counted,
        c.period_number,
        c.period_start,
        c.began_as_short_break,
        c.placement_number,
        c.placement_start
    from core.child as c
    where c.census_date = cast(:census_date as date)
),

returned as (
    select
        s.authority_code,
        s.held_from
    from core.ssda903_return as s
    where
        s.census_date = cast(:census_date as date)
        and s.return_date = s.census_date
),

placements as (
    select
        e.authority_code,
        e.child_key,
        count(distinct concat(cast(e.period_number as text), '/', cast(e.placement_number as text))) as placements
    from core.episode as e
    cross join days as d
    where
        e.census_date = cast(:census_date as date)
        and not e.is_short_break
        and not e.is_temporary
        and (e.dec is null or e.dec > d.first_day)
    group by
        e.authority_code,
        e.child_key
),

-- Of children whose placement began as one for adoption: the placement before it. Where the present carers adopt, it is one placement already.
previous_placement as (
    select
        c.authority_code,
        c.child_key,
        max(e.placement_start) as placement_start
    from children as c
    inner join core.episode as f
        on f.census_date = cast(:census_date as date)
        and c.authority_code = f.authority_code
        and c.child_key = f.child_key
        and c.placement_start = f.decom
    inner join core.episode as e
        on e.census_date = cast(:census_date as date)
        and c.authority_code = e.authority_code
        and c.child_key = e.child_key
        and c.period_number = e.period_number
        and e.placement_number = c.placement_number - 1
    where
        c.place_counted in ('A3', 'A4', 'A5', 'A6')
        and f.place in ('A3', 'A4', 'A5', 'A6')
    group by
        c.authority_code,
        c.child_key
),

judged as (
    select
        c.authority_code,
        coalesce(p.placements, 1) >= 3 as has_three_or_more,
        coalesce(c.age, 0) < 16
        and c.period_start <= d.long_ago
        and not c.began_as_short_break as is_long_term,
        c.placement_start <= d.two_years_ago
        or coalesce(v.placement_start <= d.two_years_ago, false) as has_same_carer
    from children as c
    cross join days as d
    left join placements as p
        on c.authority_code = p.authority_code
        and c.child_key = p.child_key
    left join previous_placement as v
        on c.authority_code = v.authority_code
        and c.child_key = v.child_key
),

counted as (
    select
        j.authority_code,
        count(*) as children,
        sum(case when j.has_three_or_more then 1 else 0 end) as three_or_more,
        sum(case when j.is_long_term then 1 else 0 end) as long_term_children,
        sum(case when j.is_long_term and j.has_same_carer then 1 else 0 end) as same_carer_two_years
    from judged as j
    group by j.authority_code
)

select
    cast(:census_date as date) as census_date,
    c.authority_code,
    a.authority_gss,
    coalesce(a.authority_name, c.authority_code) as authority_name,
    cast(c.children as integer) as children,
    cast(case when r.held_from <= d.first_day then c.three_or_more end as integer) as three_or_more,
    case when r.held_from <= d.first_day then round(cast(c.three_or_more as numeric) / nullif(c.children, 0), 6) end as three_or_more_share,
    cast(case when r.held_from <= d.long_ago + 1 then c.long_term_children end as integer) as long_term_children,
    cast(case when r.held_from <= d.long_ago + 1 then c.same_carer_two_years end as integer) as same_carer_two_years,
    case
        when r.held_from <= d.long_ago + 1
            then round(cast(c.same_carer_two_years as numeric) / nullif(c.long_term_children, 0), 6)
    end as same_carer_two_years_share,
    r.held_from
from counted as c
inner join returned as r
    on c.authority_code = r.authority_code
cross join days as d
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and c.authority_code = a.authority_code
