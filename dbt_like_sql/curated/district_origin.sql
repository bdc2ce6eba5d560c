-- Who lives in the settings of a county's districts, and where they come from: children and young people of any age by district, provision type and
-- origin band, from the placements table of the providers' returns. The bands are those of core.setting_child, seen from the county: host,
-- sub_region, region_or_neighbour, elsewhere, unknown; only bands with somebody in them have a row. The district is the setting's
-- (core.setting_place); children of settings whose district is not known are counted under UNKNOWN, carers' homes always, and so do those of a type
-- of which fewer than three settings of the district have somebody in them: else the row would say who lives in one home. Parts add up to the
-- county's. The share is of the district's children of the type. The county reads its own rows.
-- grain: census_date, host_authority_code, district_code, provision_type, origin_band
with placed as (
    select
        c.urn,
        c.host_authority_code,
        p.district_code,
        c.provision_type,
        c.origin_band
    from core.setting_child as c
    left join core.setting_place as p
        on c.census_date = p.census_date
        and c.urn = p.urn
        and c.host_authority_code = p.host_authority_code
    where
        c.census_date = cast(:census_date as date)
        and c.in_figures
),

enough as (
    select
        c.host_authority_code,
        c.district_code,
        c.provision_type
    from placed as c
    group by
        c.host_authority_code,
        c.district_code,
        c.provision_type
    having count(distinct c.urn) >= 3
),

children as (
    select
        c.host_authority_code,
        coalesce(e.district_code, 'UNKNOWN') as district_code,
        c.provision_type,
        c.origin_band,
        count(*) as children
    from placed as c
    left join enough as e
        on c.host_authority_code = e.host_authority_code
        and c.district_code = e.district_code
        and c.provision_type = e.provision_type
    group by
        c.host_authority_code,
        coalesce(e.district_code, 'UNKNOWN'),
        c.provision_type,
        c.origin_band
)

select
    cast(:census_date as date) as census_date,
    c.host_authority_code,
    h.authority_gss as host_authority_gss,
    h.authority_name as host_authority_name,
    c.district_code,
    coalesce(d.district_name, 'Not known') as district_name,
    c.provision_type,
    c.origin_band,
    cast(c.children as integer) as children,
    round(c.children / sum(c.children) over (partition by c.host_authority_code, c.district_code, c.provision_type), 6) as share
from children as c
inner join core.authority as h
    on h.census_date = cast(:census_date as date)
    and c.host_authority_code = h.authority_code
left join staging.district as d
    on c.district_code = d.district_code
where position('E10' in h.authority_gss) = 1
