-- Homes and places of the register below counties: one row a district of a county and provision type, by the setting's postcode
-- (core.setting_place). Settings (premises of supported accommodation) whose district is not known are counted under UNKNOWN, with why. Districts
-- exist in counties alone: other authorities have no row. Fostering agencies are not here: the register has their office. Parts add up to the
-- county's in curated.homes.
-- grain: census_date, host_authority_code, district_code, provision_type
with placed as (
    select
        s.host_authority_code,
        a.authority_gss,
        a.authority_name,
        coalesce(p.district_code, 'UNKNOWN') as district_code,
        case
            when p.district_code is not null then null
            when p.urn is null then 'No postcode is known'
            when p.sector_easting is null then 'Its premises stand in several places'
            else 'The postcode lies in no district of the county'
        end as why_not_known,
        s.provision_type,
        s.premises,
        s.places
    from core.setting as s
    inner join core.authority as a
        on s.census_date = a.census_date
        and s.host_authority_code = a.authority_code
    left join core.setting_place as p
        on s.census_date = p.census_date
        and s.urn = p.urn
        and s.host_authority_code = p.host_authority_code
    inner join staging.provision_type as k
        on s.provision_type = k.provision_type
    where
        s.census_date = cast(:census_date as date)
        and k.has_premises
        and position('E10' in a.authority_gss) = 1
)

select
    cast(:census_date as date) as census_date,
    p.host_authority_code,
    p.authority_gss as host_authority_gss,
    p.authority_name as host_authority_name,
    p.district_code,
    coalesce(d.district_name, 'Not known') as district_name,
    p.provision_type,
    cast(sum(p.premises) as integer) as settings,
    cast(sum(p.places) as integer) as places,
    string_agg(distinct p.why_not_known, '; ' order by p.why_not_known) as why_not_known
from placed as p
left join staging.district as d
    on p.district_code = d.district_code
group by
    p.host_authority_code,
    p.authority_gss,
    p.authority_name,
    p.district_code,
    d.district_name,
    p.provision_type
