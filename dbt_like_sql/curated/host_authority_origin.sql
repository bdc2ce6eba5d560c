-- Who lives in the settings of an authority's area: children and young people of any age, by where they come from
-- (the bands of core.setting_child: host, sub_region, region_or_neighbour, elsewhere, unknown).
-- Counted from the placements table of the returns; the share is of all who are counted there. The four named bands
-- always have a row, 0 included; children at a URN that nobody knows are counted under Other, in the area that their row gives;
-- unknown has one where there is somebody in it.
-- grain: census_date, host_authority_code, provision_type, origin_band
with children as (
    select
        c.host_authority_code,
        c.provision_type,
        c.origin_band,
        count(*) as children
    from core.setting_child as c
    where
        c.census_date = cast(:census_date as date)
        and c.in_figures
    group by
        c.host_authority_code,
        c.provision_type,
        c.origin_band
),

totals as (
    select
        c.host_authority_code,
        c.provision_type,
        sum(c.children) as children
    from children as c
    group by
        c.host_authority_code,
        c.provision_type
),

grid as (
    select
        t.host_authority_code,
        t.provision_type,
        v.origin_band,
        t.children as all_children
    from totals as t
    cross join (
        values ('host'), ('sub_region'), ('region_or_neighbour'), ('elsewhere'), ('unknown')
    ) as v (origin_band)
),

counted as (
    select
        g.host_authority_code,
        g.provision_type,
        g.origin_band,
        g.all_children,
        coalesce(c.children, 0) as children
    from grid as g
    left join children as c
        on g.host_authority_code = c.host_authority_code
        and g.provision_type = c.provision_type
        and g.origin_band = c.origin_band
)

select
    cast(:census_date as date) as census_date,
    c.host_authority_code,
    h.authority_gss as host_authority_gss,
    coalesce(h.authority_name, c.host_authority_code) as host_authority_name,
    c.provision_type,
    c.origin_band,
    cast(c.children as integer) as children,
    round(c.children / nullif(c.all_children, 0), 6) as share
from counted as c
left join core.authority as h
    on h.census_date = cast(:census_date as date)
    and c.host_authority_code = h.authority_code
where
    c.origin_band <> 'unknown'
    or c.children > 0
