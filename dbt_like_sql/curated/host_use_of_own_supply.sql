-- How far an authority uses the supply in its own area, from both sides.
-- From the providers: of those living in the area's settings, the share that the host authority placed (any age).
-- From the authority: of its own looked-after children by the SSDA903, those with parents and for adoption too (type None),
-- the share that is in its own area (unknown hosts are in the whole; covers: all). Where no SSDA903 of the date is held,
-- of its placement census's (covers: commissioned): commissioned types are given, In-house fostering, Other and None are blank.
-- A side that has not returned is blank.
-- grain: census_date, host_authority_code, provision_type
with living_here as (
    select
        c.host_authority_code,
        c.provision_type,
        count(*) as children_living_here,
        sum(case when c.placing_authority_code = c.host_authority_code then 1 else 0 end) as children_of_host
    from core.setting_child as c
    where
        c.census_date = cast(:census_date as date)
        and c.in_figures
        and c.host_authority_code <> 'UNKNOWN'
    group by
        c.host_authority_code,
        c.provision_type
),

own as (
    select
        p.placing_authority_code as host_authority_code,
        p.provision_type,
        count(*) as own_placements,
        sum(case when p.host_authority_code = p.placing_authority_code then 1 else 0 end) as own_placements_in_area
    from core.own_placement as p
    where
        p.census_date = cast(:census_date as date)
        and p.in_figures
    group by
        p.placing_authority_code,
        p.provision_type
),

answered as (
    select
        p.placing_authority_code as host_authority_code,
        min(p.covers) as covers
    from core.own_placement as p
    where p.census_date = cast(:census_date as date)
    group by p.placing_authority_code
),

together as (
    select
        coalesce(l.host_authority_code, o.host_authority_code) as host_authority_code,
        coalesce(l.provision_type, o.provision_type) as provision_type,
        l.children_living_here,
        l.children_of_host,
        o.own_placements,
        o.own_placements_in_area
    from living_here as l
    full join own as o
        on l.host_authority_code = o.host_authority_code
        and l.provision_type = o.provision_type
),

-- An authority that returned and has nobody in a type has 0 there; of what a placement census does not tell it is not known.
told as (
    select
        t.host_authority_code,
        t.provision_type,
        t.children_living_here,
        t.children_of_host,
        case
            when a.covers = 'all' or (a.covers = 'commissioned' and k.is_commissioned)
                then coalesce(t.own_placements, 0)
        end as own_placements,
        case
            when a.covers = 'all' or (a.covers = 'commissioned' and k.is_commissioned)
                then coalesce(t.own_placements_in_area, 0)
        end as own_placements_in_area,
        a.covers
    from together as t
    left join staging.provision_type as k
        on t.provision_type = k.provision_type
    left join answered as a
        on t.host_authority_code = a.host_authority_code
)

select
    cast(:census_date as date) as census_date,
    t.host_authority_code,
    h.authority_gss as host_authority_gss,
    coalesce(h.authority_name, t.host_authority_code) as host_authority_name,
    t.provision_type,
    cast(t.children_living_here as integer) as children_living_here,
    cast(t.children_of_host as integer) as children_of_host,
    round(cast(t.children_of_host as numeric) / nullif(t.children_living_here, 0), 6) as share_of_places_used_by_host,
    cast(t.own_placements as integer) as own_placements,
    cast(t.own_placements_in_area as integer) as own_placements_in_area,
    round(cast(t.own_placements_in_area as numeric) / nullif(t.own_placements, 0), 6) as share_of_own_in_area,
    t.covers
from told as t
left join core.authority as h
    on h.census_date = cast(:census_date as date)
    and t.host_authority_code = h.authority_code
