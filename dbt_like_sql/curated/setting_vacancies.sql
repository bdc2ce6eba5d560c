-- Home by home, what is vacant and could take a child: every setting that returned. No address, no postcode, no child.
-- Registered places are the register's, or the return's where the register gives none. Places under notice are the occupied ones on
-- which notice has been given. Needs met come from Ofsted's list to authorities, where it is held.
-- grain: census_date, urn, host_authority_code
-- readers: members
with under_notice as (
    select
        c.urn,
        c.host_authority_code,
        count(*) as places
    from core.setting_child as c
    where
        c.census_date = cast(:census_date as date)
        and c.notice_given
    group by
        c.urn,
        c.host_authority_code
),

providers as (
    select
        s.urn,
        min(s.provider_name) as provider_name,
        min(s.grade) as grade
    from core.setting as s
    where s.census_date = cast(:census_date as date)
    group by s.urn
)

select
    r.census_date,
    r.urn,
    coalesce(r.setting_name, nullif(s.setting_name, 'REDACTED')) as setting_name,
    p.provider_name,
    r.host_authority_code,
    h.authority_gss as host_authority_gss,
    coalesce(h.authority_name, r.host_authority_code) as host_authority_name,
    r.provision_type,
    coalesce(r.service_category, r.sa_category) as service_category,
    r.min_age,
    r.max_age,
    r.gender_accepted,
    s.needs_met,
    coalesce(r.register_places, r.registered_places) as registered,
    r.vacant_places as vacant,
    r.unavailable_places as unavailable,
    r.unavailable_reason,
    cast(coalesce(n.places, 0) as integer) as under_notice,
    p.grade,
    r.framework,
    r.lot,
    r.known_to_register,
    r.census_date as as_at,
    r.received_at
from core.setting_return as r
inner join staging.provision_type as k
    on r.provision_type = k.provision_type
left join core.setting as s
    on r.census_date = s.census_date
    and r.urn = s.urn
    and r.host_authority_code = s.host_authority_code
left join providers as p
    on r.urn = p.urn
left join under_notice as n
    on r.urn = n.urn
    and r.host_authority_code = n.host_authority_code
left join core.authority as h
    on r.census_date = h.census_date
    and r.host_authority_code = h.authority_code
where r.census_date = cast(:census_date as date)
