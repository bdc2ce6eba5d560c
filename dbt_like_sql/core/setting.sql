-- Settings in the register on the census date, active or suspended: one row a URN in an authority, premises summed.
-- Places are blank where the register gives none (fostering), never 0. The grade is the newest overall judgement held.
-- Types that are no home for a child in care have the provision type Other and stay out of the figures.
-- grain: census_date, urn, host_authority_code
-- readers: members
with grades as (
    select
        g.urn,
        g.grade
    from staging.register_provider_levels as g
    inner join core.register_in_use as u
        on g.census_date = u.register_as_at
    where
        u.census_date = cast(:census_date as date)
        and u.register_use = 'grades'
        and u.register_table = 'register_provider_levels'
    union all
    select
        h.urn,
        h.grade
    from staging.register_list_homes as h
    inner join core.register_in_use as u
        on h.census_date = u.register_as_at
    where
        u.census_date = cast(:census_date as date)
        and u.register_use = 'grades'
        and u.register_table = 'register_list_homes'
),

graded as (
    select
        g.urn,
        max(g.grade) as grade
    from grades as g
    group by g.urn
),

needs as (
    select
        h.urn,
        max(h.needs_met) as needs_met
    from staging.register_list_homes as h
    inner join core.register_in_use as u
        on h.census_date = u.register_as_at
    where
        u.census_date = cast(:census_date as date)
        and u.register_use = 'needs'
    group by h.urn
),

summed as (
    select
        p.census_date,
        p.urn,
        p.host_authority_code,
        min(p.ofsted_provision_type) as ofsted_provision_type,
        min(p.provision_type) as provision_type,
        min(p.setting_name) as setting_name,
        min(p.provider_name) as provider_name,
        min(p.sector) as sector,
        min(p.registration_status) as registration_status,
        min(p.registration_date) as registration_date,
        cast(sum(p.places) as integer) as places,
        cast(sum(p.premises) as integer) as premises,
        bool_or(p.short_break_only) as is_short_break_only,
        min(p.register_as_at) as register_as_at,
        bool_or(p.register_carried) as register_carried,
        min(p.register_source) as register_source
    from core.premises as p
    where p.census_date = cast(:census_date as date)
    group by
        p.census_date,
        p.urn,
        p.host_authority_code
)

select
    s.census_date,
    s.urn,
    s.host_authority_code,
    s.ofsted_provision_type,
    s.provision_type,
    s.setting_name,
    s.provider_name,
    s.sector,
    s.registration_status,
    s.registration_date,
    s.places,
    s.premises,
    s.is_short_break_only,
    case
        when coalesce(s.places, 0) = 0 then 'Not known'
        when s.places >= 6 then '6+'
        else cast(s.places as text)
    end as size_band,
    coalesce(g.grade, 'Not yet inspected') as grade,
    n.needs_met,
    s.register_as_at,
    s.register_carried,
    s.register_source
from summed as s
left join graded as g
    on s.urn = g.urn
left join needs as n
    on s.urn = n.urn
