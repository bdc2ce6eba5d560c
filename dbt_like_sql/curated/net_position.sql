-- An authority's own children placed inside and outside its area, and other authorities' children inside it: DfE's net gain.
-- net_gain = others_inside - own_outside. Own figures are of every child looked after by the SSDA903, those with parents and
-- for adoption too (source ssda903, covers all): own_inside + own_outside + own_unknown = children looked after. A placement
-- census has commissioned placements alone: where no SSDA903 of the date is held, they are blank (blank_reason no_ssda903).
-- Others inside are children under 18 (or of unknown age) by the providers' returns, because only they see everybody, other countries of the
-- UK included: coverage says how much of the registered places has answered. Beside it what the region's authorities say by
-- their SSDA903, a floor: only members return. Source: DfE, "Children looked after in England", table of children by authority of placement.
-- grain: census_date, authority_code
with own_placements as (
    select
        p.placing_authority_code as authority_code,
        p.host_authority_code
    from core.own_placement as p
    where
        p.census_date = cast(:census_date as date)
        and p.source = 'ssda903'
),

covered as (
    select s.authority_code
    from core.ssda903_return as s
    where
        s.census_date = cast(:census_date as date)
        and s.return_date = s.census_date
),

own as (
    select
        c.authority_code,
        sum(case when p.host_authority_code = c.authority_code then 1 else 0 end) as own_inside,
        sum(case when p.host_authority_code not in (c.authority_code, 'UNKNOWN') then 1 else 0 end) as own_outside,
        sum(case when p.host_authority_code = 'UNKNOWN' then 1 else 0 end) as own_unknown
    from covered as c
    left join own_placements as p
        on c.authority_code = p.authority_code
    group by c.authority_code
),

commissioned as (
    select distinct p.placing_authority_code as authority_code
    from core.own_placement as p
    where
        p.census_date = cast(:census_date as date)
        and p.covers = 'commissioned'
),

by_authorities as (
    select
        p.host_authority_code as authority_code,
        count(*) as others_inside
    from own_placements as p
    where p.host_authority_code not in (p.authority_code, 'UNKNOWN')
    group by p.host_authority_code
),

-- Areas of which providers said who lives there, or that nobody does.
living_there as (
    select
        c.host_authority_code as authority_code,
        case
            when
                c.placing_authority_code not in (c.host_authority_code, 'HEALTH', 'PRIVATE', 'UNKNOWN')
                and coalesce(c.age, 0) < 18
                then 1
            else 0
        end as others
    from core.setting_child as c
    where
        c.census_date = cast(:census_date as date)
        and c.host_authority_code <> 'UNKNOWN'
    union all
    select
        r.host_authority_code as authority_code,
        0 as others
    from core.setting_return as r
    where
        r.census_date = cast(:census_date as date)
        and r.host_authority_code <> 'UNKNOWN'
    group by r.host_authority_code
    having sum(r.occupied_places) = 0
),

by_providers as (
    select
        l.authority_code,
        sum(l.others) as others_inside
    from living_there as l
    group by l.authority_code
),

answered as (
    select
        o.host_authority_code as authority_code,
        sum(o.coverage_places * o.places_registered) / nullif(sum(o.places_registered), 0) as coverage_places
    from curated.host_authority_occupancy as o
    where o.census_date = cast(:census_date as date)
    group by o.host_authority_code
),

heard as (
    select o.authority_code
    from own as o
    union
    select c.authority_code
    from commissioned as c
    union
    select p.authority_code
    from by_providers as p
)

select
    cast(:census_date as date) as census_date,
    h.authority_code,
    a.authority_gss,
    coalesce(a.authority_name, h.authority_code) as authority_name,
    cast(o.own_inside as integer) as own_inside,
    cast(o.own_outside as integer) as own_outside,
    cast(o.own_unknown as integer) as own_unknown,
    case when o.authority_code is not null then 'ssda903' end as source,
    case
        when o.authority_code is not null then 'all'
        when m.authority_code is not null then 'commissioned'
    end as covers,
    case when o.authority_code is null then 'no_ssda903' end as blank_reason,
    cast(p.others_inside as integer) as others_inside,
    cast(p.others_inside - o.own_outside as integer) as net_gain,
    cast(b.others_inside as integer) as others_inside_by_authorities,
    round(c.coverage_places, 6) as coverage_places
from heard as h
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and h.authority_code = a.authority_code
left join own as o
    on h.authority_code = o.authority_code
left join commissioned as m
    on h.authority_code = m.authority_code
left join by_providers as p
    on h.authority_code = p.authority_code
left join by_authorities as b
    on h.authority_code = b.authority_code
left join answered as c
    on h.authority_code = c.authority_code
