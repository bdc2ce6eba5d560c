-- Whether the places in an authority's area would do for its own children: what it needs against what is registered, usable and empty there.
-- Need: the authority's own placements of looked-after children of the type, wherever they are (each needs a place, and the law wants it in area).
-- Against it: registered places (the register's), usable places (occupied or vacant in the settings that returned, whoever lives there), vacant
-- places. A gap above 0 is a lack of places: gap_registered = need - registered; gap_usable = need - usable; gap_vacant = own placements known
-- to be elsewhere - vacant: how many could not come home today even if every empty place were theirs (a floor where areas are not known).
-- Counted figures are of the settings that returned (coverage_places beside them); the estimates are for all registered settings and stand in
-- columns of their own, with gaps of their own. Where the register holds no setting of the type in the area, there are 0 places. Fostering has no
-- registered places in the register, so that gap is blank. Only authorities that returned their placements have rows; Other is no need for a place.
-- grain: census_date, authority_code, provision_type
with needed as (
    select
        p.placing_authority_code as authority_code,
        p.provision_type,
        min(p.source) as source,
        count(*) as own_placements,
        sum(case when p.host_authority_code = p.placing_authority_code then 1 else 0 end) as own_placements_in_area,
        sum(case when p.host_authority_code not in (p.placing_authority_code, 'UNKNOWN') then 1 else 0 end) as own_placements_elsewhere
    from core.own_placement as p
    where
        p.census_date = cast(:census_date as date)
        and p.provision_type <> 'Other'
    group by
        p.placing_authority_code,
        p.provision_type
),

authorities as (
    select
        p.placing_authority_code as authority_code,
        min(p.source) as source
    from core.own_placement as p
    where p.census_date = cast(:census_date as date)
    group by p.placing_authority_code
),

supply as (
    select
        o.host_authority_code as authority_code,
        o.provision_type,
        o.places_registered,
        o.occupied,
        o.vacant,
        o.coverage_places,
        o.occupied_estimate,
        o.vacant_estimate
    from curated.host_authority_occupancy as o
    where o.census_date = cast(:census_date as date)
),

listed as (
    select distinct s.provision_type
    from core.setting as s
    where
        s.census_date = cast(:census_date as date)
        and s.places is not null
),

pairs as (
    select
        n.authority_code,
        n.provision_type
    from needed as n
    union
    select
        s.authority_code,
        s.provision_type
    from supply as s
),

measured as (
    select
        q.authority_code,
        q.provision_type,
        a.source,
        coalesce(n.own_placements, 0) as own_placements,
        coalesce(n.own_placements_in_area, 0) as own_placements_in_area,
        coalesce(n.own_placements_elsewhere, 0) as own_placements_elsewhere,
        case when s.authority_code is null and l.provision_type is not null then 0 else s.places_registered end as places_registered,
        case when s.authority_code is null and l.provision_type is not null then 0 else s.occupied + s.vacant end as usable,
        case when s.authority_code is null and l.provision_type is not null then 0 else s.vacant end as vacant,
        s.coverage_places,
        case
            when s.authority_code is null and l.provision_type is not null then 0
            else s.occupied_estimate + s.vacant_estimate
        end as usable_estimate,
        case when s.authority_code is null and l.provision_type is not null then 0 else s.vacant_estimate end as vacant_estimate
    from pairs as q
    inner join authorities as a
        on q.authority_code = a.authority_code
    left join needed as n
        on q.authority_code = n.authority_code
        and q.provision_type = n.provision_type
    left join supply as s
        on q.authority_code = s.authority_code
        and q.provision_type = s.provision_type
    left join listed as l
        on q.provision_type = l.provision_type
)

select
    cast(:census_date as date) as census_date,
    m.authority_code,
    a.authority_gss,
    coalesce(a.authority_name, m.authority_code) as authority_name,
    m.provision_type,
    m.source,
    cast(m.own_placements as integer) as own_placements,
    cast(m.own_placements_in_area as integer) as own_placements_in_area,
    cast(m.own_placements_elsewhere as integer) as own_placements_elsewhere,
    cast(m.places_registered as integer) as places_registered,
    cast(m.usable as integer) as usable,
    cast(m.vacant as integer) as vacant,
    m.coverage_places,
    cast(m.own_placements - m.places_registered as integer) as gap_registered,
    cast(m.own_placements - m.usable as integer) as gap_usable,
    cast(m.own_placements_elsewhere - m.vacant as integer) as gap_vacant,
    m.usable_estimate,
    m.vacant_estimate,
    m.own_placements - m.usable_estimate as gap_usable_estimate,
    m.own_placements_elsewhere - m.vacant_estimate as gap_vacant_estimate
from measured as m
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and m.authority_code = a.authority_code
