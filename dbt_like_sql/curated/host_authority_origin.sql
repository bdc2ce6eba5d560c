-- Who lives in the settings that stand in an authority's area: children and young people of any age, by where they come from.
-- host: placed by the host authority; sub_region: by another authority of its sub-region; region_or_neighbour: by the rest
-- of its region or an authority that borders it; elsewhere: by any other, health or privately; unknown: the return says Unknown.
-- Counted from the placements table of the returns; the share is of all who are counted there. The four named bands
-- always have a row, 0 included; children at a URN that nobody knows stand under Other, in the area that their row gives;
-- unknown has one where there is somebody in it.
-- grain: census_date, host_authority_code, provision_type, origin_band
with children as (
    select
        c.host_authority_code,
        c.provision_type,
        c.placing_authority_code,
        count(*) as children
    from core.setting_child as c
    where
        c.census_date = cast(:census_date as date)
        and (c.provision_type <> 'Other' or not c.is_urn_known)
    group by
        c.host_authority_code,
        c.provision_type,
        c.placing_authority_code
),

banded as (
    select
        c.host_authority_code,
        c.provision_type,
        case
            when 'UNKNOWN' in (c.placing_authority_code, c.host_authority_code) then 'unknown'
            when c.placing_authority_code = c.host_authority_code then 'host'
            when h.sub_region_name = p.sub_region_name then 'sub_region'
            when h.region_code = p.region_code or n.neighbour_code is not null then 'region_or_neighbour'
            else 'elsewhere'
        end as origin_band,
        c.children
    from children as c
    left join core.authority as h
        on h.census_date = cast(:census_date as date)
        and c.host_authority_code = h.authority_code
    left join core.authority as p
        on p.census_date = cast(:census_date as date)
        and c.placing_authority_code = p.authority_code
    left join staging.authority_neighbour as n
        on c.host_authority_code = n.authority_code
        and c.placing_authority_code = n.neighbour_code
),

totals as (
    select
        b.host_authority_code,
        b.provision_type,
        sum(b.children) as children
    from banded as b
    group by
        b.host_authority_code,
        b.provision_type
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
        coalesce(sum(b.children), 0) as children
    from grid as g
    left join banded as b
        on g.host_authority_code = b.host_authority_code
        and g.provision_type = b.provision_type
        and g.origin_band = b.origin_band
    group by
        g.host_authority_code,
        g.provision_type,
        g.origin_band,
        g.all_children
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
