-- Why places that are registered can take nobody: unavailable places of the settings that returned, by reason.
-- The share is of the registered places that the same settings return (all settings of the type in the area that returned).
-- A setting with several premises and several reasons counts under each premises' own reason.
-- grain: census_date, host_authority_code, provision_type, reason
with counted_settings as (
    select
        r.urn,
        r.host_authority_code,
        r.provision_type,
        r.submission_id,
        r.registered_places
    from core.setting_return as r
    inner join staging.provision_type as k
        on r.provision_type = k.provision_type
    where r.census_date = cast(:census_date as date)
),

registered as (
    select
        c.host_authority_code,
        c.provision_type,
        sum(c.registered_places) as places
    from counted_settings as c
    group by
        c.host_authority_code,
        c.provision_type
),

unavailable as (
    select
        c.host_authority_code,
        c.provision_type,
        coalesce(s.unavailable_reason, 'Not given') as reason,
        sum(s.unavailable_places) as places
    from counted_settings as c
    inner join staging.provider_settings as s
        on s.census_date = cast(:census_date as date)
        and c.submission_id = s.submission_id
        and c.urn = s.urn
        and c.host_authority_code = s.host_authority_code
    where s.unavailable_places > 0
    group by
        c.host_authority_code,
        c.provision_type,
        coalesce(s.unavailable_reason, 'Not given')
)

select
    cast(:census_date as date) as census_date,
    u.host_authority_code,
    h.authority_gss as host_authority_gss,
    coalesce(h.authority_name, u.host_authority_code) as host_authority_name,
    u.provision_type,
    u.reason,
    cast(u.places as integer) as places,
    round(cast(u.places as numeric) / nullif(r.places, 0), 6) as share
from unavailable as u
inner join registered as r
    on u.host_authority_code = r.host_authority_code
    and u.provision_type = r.provision_type
left join core.authority as h
    on h.census_date = cast(:census_date as date)
    and u.host_authority_code = h.authority_code
