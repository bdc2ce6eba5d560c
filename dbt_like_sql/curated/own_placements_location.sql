-- Where an authority's own looked-after children are placed: in its area, in its sub-region, elsewhere, or not known.
-- Of every child looked after by the SSDA903, those with parents and for adoption under the type None (covers: all). Where no
-- SSDA903 of the date is held the rows are the placement census's (covers: commissioned): its figures of commissioned types
-- are given; In-house fostering, Other and None are blank (blank_reason no_ssda903), and no sum over the types is a whole.
-- Young people placed after 18 are left out. The share is of all the authority's placements of the type, unknowns included.
-- The three named bands always have a row, 0 included; unknown has one where there is somebody in it.
-- grain: census_date, placing_authority_code, provision_type, location_band
with placements as (
    select
        p.placing_authority_code,
        p.provision_type,
        p.source,
        p.covers,
        case
            when p.host_authority_code = 'UNKNOWN' then 'unknown'
            when p.host_authority_code = p.placing_authority_code then 'in_area'
            when o.sub_region_name = h.sub_region_name then 'sub_region'
            else 'elsewhere'
        end as location_band
    from core.own_placement as p
    left join core.authority as o
        on p.census_date = o.census_date
        and p.placing_authority_code = o.authority_code
    left join core.authority as h
        on p.census_date = h.census_date
        and p.host_authority_code = h.authority_code
    where
        p.census_date = cast(:census_date as date)
        and p.in_figures
),

totals as (
    select
        p.placing_authority_code,
        p.provision_type,
        min(p.source) as source,
        min(p.covers) as covers,
        count(*) as all_placements
    from placements as p
    group by
        p.placing_authority_code,
        p.provision_type
),

counted as (
    select
        t.placing_authority_code,
        t.provision_type,
        v.location_band,
        t.source,
        t.covers,
        cast(null as text) as blank_reason,
        t.all_placements,
        count(p.location_band) as placements
    from totals as t
    cross join (values ('in_area'), ('sub_region'), ('elsewhere'), ('unknown')) as v (location_band)
    left join placements as p
        on t.placing_authority_code = p.placing_authority_code
        and t.provision_type = p.provision_type
        and v.location_band = p.location_band
    group by
        t.placing_authority_code,
        t.provision_type,
        v.location_band,
        t.source,
        t.covers,
        t.all_placements
    union all
    select
        c.placing_authority_code,
        n.provision_type,
        v.location_band,
        'census' as source,
        'commissioned' as covers,
        'no_ssda903' as blank_reason,
        cast(null as bigint) as all_placements,
        cast(null as bigint) as placements
    from (
        select distinct p.placing_authority_code
        from core.own_placement as p
        where
            p.census_date = cast(:census_date as date)
            and p.covers = 'commissioned'
    ) as c
    cross join (values ('In-house fostering'), ('Other'), ('None')) as n (provision_type)
    cross join (values ('in_area'), ('sub_region'), ('elsewhere')) as v (location_band)
)

select
    cast(:census_date as date) as census_date,
    c.placing_authority_code,
    a.authority_gss as placing_authority_gss,
    coalesce(a.authority_name, c.placing_authority_code) as placing_authority_name,
    c.provision_type,
    c.location_band,
    cast(c.placements as integer) as placements,
    round(cast(c.placements as numeric) / nullif(c.all_placements, 0), 6) as share,
    c.source,
    c.covers,
    c.blank_reason
from counted as c
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and c.placing_authority_code = a.authority_code
where
    c.location_band <> 'unknown'
    or c.placements > 0
