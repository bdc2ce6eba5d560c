-- Authorities as they stand on the census date, with their region and, for the region's members, their sub-region.
-- HEALTH, PRIVATE and UNKNOWN mean "no authority placed" and "none is known".
-- grain: census_date, authority_code
-- readers: members
select
    cast(:census_date as date) as census_date,
    a.authority_code,
    a.gss_code as authority_gss,
    a.authority_name,
    a.country,
    coalesce(m.region_code, a.region_code) as region_code,
    coalesce(m.region_name, a.region_name) as region_name,
    m.sub_region_name,
    m.authority_code is not null as is_member
from staging.authority as a
left join staging.region_member as m
    on a.authority_code = m.authority_code
where
    a.valid_from <= cast(:census_date as date)
    and (a.valid_to is null or a.valid_to >= cast(:census_date as date))
union all
select
    cast(:census_date as date) as census_date,
    v.authority_code,
    cast(null as text) as authority_gss,
    v.authority_name,
    cast(null as text) as country,
    cast(null as text) as region_code,
    cast(null as text) as region_name,
    cast(null as text) as sub_region_name,
    false as is_member
from (values ('HEALTH', 'Health'), ('PRIVATE', 'Private'), ('UNKNOWN', 'Unknown')) as v (authority_code, authority_name)
