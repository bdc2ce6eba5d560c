-- An authority's own children placed inside and outside its area, and other authorities' children inside it: DfE's net gain.
-- net_gain = others_inside - own_outside. Own figures from the authority's return (placement census, else SSDA903; source says which);
-- placements whose host is not known are in neither. Others inside are children under 18 (or of unknown age) by the providers' returns,
-- because only they see everybody: coverage says how much of the registered places has answered. Beside it what the region's authorities say,
-- a floor: only members return. Source: DfE, "Children looked after in England", table of children by authority of placement.
-- grain: census_date, authority_code
with own as (
    select
        p.placing_authority_code as authority_code,
        min(p.source) as source,
        sum(case when p.host_authority_code = p.placing_authority_code then 1 else 0 end) as own_inside,
        sum(case when p.host_authority_code not in (p.placing_authority_code, 'UNKNOWN') then 1 else 0 end) as own_outside,
        sum(case when p.host_authority_code = 'UNKNOWN' then 1 else 0 end) as own_unknown
    from core.own_placement as p
    where p.census_date = cast(:census_date as date)
    group by p.placing_authority_code
),

by_authorities as (
    select
        p.host_authority_code as authority_code,
        count(*) as others_inside
    from core.own_placement as p
    where
        p.census_date = cast(:census_date as date)
        and p.host_authority_code not in (p.placing_authority_code, 'UNKNOWN')
    group by p.host_authority_code
),

by_providers as (
    select
        c.host_authority_code as authority_code,
        sum(case when c.placing_authority_code <> c.host_authority_code then 1 else 0 end) as others_inside
    from core.setting_child as c
    where
        c.census_date = cast(:census_date as date)
        and coalesce(c.age, 0) < 18
        and c.placing_authority_code not in ('HEALTH', 'PRIVATE', 'UNKNOWN')
    group by c.host_authority_code
),

covered as (
    select
        o.host_authority_code as authority_code,
        sum(o.coverage_places * o.places_registered) / nullif(sum(o.places_registered), 0) as coverage_places
    from curated.host_authority_occupancy as o
    where o.census_date = cast(:census_date as date)
    group by o.host_authority_code
)

select
    cast(:census_date as date) as census_date,
    a.authority_code,
    a.authority_gss,
    a.authority_name,
    cast(o.own_inside as integer) as own_inside,
    cast(o.own_outside as integer) as own_outside,
    cast(o.own_unknown as integer) as own_unknown,
    o.source,
    cast(p.others_inside as integer) as others_inside,
    cast(p.others_inside - o.own_outside as integer) as net_gain,
    cast(b.others_inside as integer) as others_inside_by_authorities,
    round(c.coverage_places, 6) as coverage_places
from core.authority as a
left join own as o
    on a.authority_code = o.authority_code
left join by_providers as p
    on a.authority_code = p.authority_code
left join by_authorities as b
    on a.authority_code = b.authority_code
left join covered as c
    on a.authority_code = c.authority_code
where
    a.census_date = cast(:census_date as date)
    and a.authority_code not in ('HEALTH', 'PRIVATE', 'UNKNOWN')
    and (o.authority_code is not null or p.authority_code is not null)
