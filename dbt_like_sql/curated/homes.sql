-- The registered supply: settings and places by kind of care, size, sector and grade. Every premises in the register is in one row.
-- The kind of care of a home is what its provider's return says on the census date (Short breaks where the register marks it so and
-- no return says otherwise; Not known where neither does); of supported accommodation, Ofsted's category of the premises; of fostering, none.
-- The size of supported accommodation is that of each premises.
-- grain: census_date, host_authority_code, provision_type, service_category, size_band, sector, grade
with premises as (
    select
        p.host_authority_code,
        p.provision_type,
        case
            when p.provision_type = 'Supported accommodation' then coalesce(p.sa_category, 'Not known')
            when p.provision_type = 'Independent fostering' then 'Not applicable'
            when r.service_category is not null then r.service_category
            when p.short_break_only then 'Short breaks'
            else 'Not known'
        end as service_category,
        case
            when coalesce(p.places, 0) = 0 then 'Not known'
            when p.places >= 6 then '6+'
            else cast(p.places as text)
        end as size_band,
        coalesce(p.sector, 'Not known') as sector,
        s.grade,
        p.premises,
        p.places
    from core.premises as p
    inner join core.setting as s
        on p.census_date = s.census_date
        and p.urn = s.urn
        and p.host_authority_code = s.host_authority_code
    left join core.setting_return as r
        on p.census_date = r.census_date
        and p.urn = r.urn
        and p.host_authority_code = r.host_authority_code
    inner join staging.provision_type as k
        on p.provision_type = k.provision_type
    where p.census_date = cast(:census_date as date)
)

select
    cast(:census_date as date) as census_date,
    p.host_authority_code,
    h.authority_gss as host_authority_gss,
    coalesce(h.authority_name, p.host_authority_code) as host_authority_name,
    p.provision_type,
    p.service_category,
    p.size_band,
    p.sector,
    p.grade,
    cast(sum(p.premises) as integer) as settings,
    cast(sum(p.places) as integer) as places
from premises as p
left join core.authority as h
    on h.census_date = cast(:census_date as date)
    and p.host_authority_code = h.authority_code
group by
    p.host_authority_code,
    h.authority_gss,
    h.authority_name,
    p.provision_type,
    p.service_category,
    p.size_band,
    p.sector,
    p.grade
