-- Placements that ended in the twelve months to the census date with another one after them, by the reason for the change (SSDA903) and the kind of
-- provision that was left. Ends of care are in care_flows, not here; neither are absences from which the child came back, and short breaks. An
-- authority has no rows until its returns tell of the whole twelve months. The share is of the ended placements of the kind.
-- grain: census_date, authority_code, provision_type, category
with returned as (
    select s.authority_code
    from core.ssda903_return as s
    where
        s.census_date = cast(:census_date as date)
        and s.return_date = s.census_date
        and s.held_from <= cast(:census_date as date) - interval '12 months' + interval '1 day'
),

ended as (
    select
        p.authority_code,
        p.provision_type,
        coalesce(m.meaning, 'Not given') as category
    from core.placement_spell as p
    inner join returned as r
        on p.authority_code = r.authority_code
    left join staging.reason_place_change_903 as m
        on p.reason_place_change = m.reason_place_change
    where
        p.census_date = cast(:census_date as date)
        and p.is_followed
        and p.placement_end > cast(:census_date as date) - interval '12 months'
        and p.placement_end <= cast(:census_date as date)
),

counted as (
    select
        e.authority_code,
        e.provision_type,
        e.category,
        count(*) as placements,
        sum(count(*)) over (partition by e.authority_code, e.provision_type) as placements_of_type
    from ended as e
    group by
        e.authority_code,
        e.provision_type,
        e.category
)

select
    cast(:census_date as date) as census_date,
    c.authority_code,
    a.authority_gss,
    coalesce(a.authority_name, c.authority_code) as authority_name,
    c.provision_type,
    c.category,
    cast(c.placements as integer) as placements,
    round(cast(c.placements as numeric) / nullif(c.placements_of_type, 0), 6) as share
from counted as c
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and c.authority_code = a.authority_code
