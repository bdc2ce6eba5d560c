-- The areas that figures are made for, and the authorities in each: every authority by itself, the sub-regions of the observatory's own
-- region, and every region (the country outside England). An area's code is the authority's, the sub-region's name, or the region's GSS code.
-- grain: census_date, area_level, area_code, authority_code
with standing as (
    select
        a.authority_code,
        a.authority_gss,
        a.authority_name,
        a.sub_region_name,
        a.region_code,
        a.region_name
    from core.authority as a
    where
        a.census_date = cast(:census_date as date)
        and a.authority_code not in ('HEALTH', 'PRIVATE', 'UNKNOWN')
)

select
    cast(:census_date as date) as census_date,
    'authority' as area_level,
    s.authority_code as area_code,
    s.authority_gss as area_gss,
    s.authority_name as area_name,
    s.authority_code
from standing as s
union all
select
    cast(:census_date as date) as census_date,
    'sub-region' as area_level,
    s.sub_region_name as area_code,
    cast(null as text) as area_gss,
    s.sub_region_name as area_name,
    s.authority_code
from standing as s
where s.sub_region_name is not null
union all
select
    cast(:census_date as date) as census_date,
    'region' as area_level,
    s.region_code as area_code,
    s.region_code as area_gss,
    s.region_name as area_name,
    s.authority_code
from standing as s
where s.region_code is not null
