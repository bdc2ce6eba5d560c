-- Every premises in the register on the census date: one row a home, one a supported accommodation premises.
-- Supported accommodation is where its premises are, so it is taken from the premises list; only where no
-- premises list is held is the provider's own entry taken for it. Premises have no key: they are numbered in the list's order.
-- grain: census_date, urn, host_authority_code, premises_number
-- readers: members
with used as (
    select
        u.register_use,
        u.register_table,
        u.register_as_at,
        u.register_carried
    from core.register_in_use as u
    where u.census_date = cast(:census_date as date)
),

providers as (
    select
        p.sheet,
        p.row_number,
        p.urn,
        p.host_authority_code,
        p.ofsted_provision_type,
        p.setting_name,
        p.provider_name,
        p.sector,
        p.registration_status,
        p.registration_date,
        p.places,
        p.premises,
        p.short_break_only,
        u.register_as_at,
        u.register_carried,
        'providers and places' as register_source
    from staging.register_providers as p
    inner join used as u
        on p.census_date = u.register_as_at
    where
        u.register_use = 'settings'
        and u.register_table = 'register_providers'
    union all
    select
        l.sheet,
        l.row_number,
        l.urn,
        l.host_authority_code,
        l.ofsted_provision_type,
        l.setting_name,
        l.provider_name,
        l.sector,
        l.registration_status,
        l.registration_date,
        l.places,
        l.premises,
        l.short_break_only,
        u.register_as_at,
        u.register_carried,
        'provider level' as register_source
    from staging.register_provider_levels as l
    inner join used as u
        on l.census_date = u.register_as_at
    where
        u.register_use = 'settings'
        and u.register_table = 'register_provider_levels'
    union all
    select
        o.sheet,
        o.row_number,
        o.urn,
        o.host_authority_code,
        o.ofsted_provision_type,
        o.setting_name,
        o.provider_name,
        o.sector,
        o.registration_status,
        o.registration_date,
        o.places,
        cast(null as integer) as premises,
        cast(null as text) as short_break_only,
        u.register_as_at,
        u.register_carried,
        'list to authorities' as register_source
    from staging.register_list_homes as o
    inner join used as u
        on o.census_date = u.register_as_at
    where
        u.register_use = 'settings'
        and u.register_table = 'register_list_homes'
),

listed as (
    select
        p.sheet,
        p.row_number,
        p.urn,
        p.host_authority_code,
        p.ofsted_provision_type,
        coalesce(t.provision_type, 'Other') as provision_type,
        p.setting_name,
        p.provider_name,
        p.sector,
        cast(null as text) as sa_category,
        p.registration_status,
        p.registration_date,
        p.places,
        case
            when t.provision_type = 'Supported accommodation' then coalesce(p.premises, 1)
            else 1
        end as premises,
        coalesce(p.short_break_only, '') <> '' as short_break_only,
        p.register_as_at,
        p.register_carried,
        p.register_source
    from providers as p
    left join staging.ofsted_provision_type as t
        on p.ofsted_provision_type = t.ofsted_provision_type
    where
        t.provision_type is distinct from 'Supported accommodation'
        or not exists (select 1 as found from used as u where u.register_use = 'premises')
    union all
    select
        s.sheet,
        s.row_number,
        s.urn,
        s.host_authority_code,
        'Supported accommodation' as ofsted_provision_type,
        'Supported accommodation' as provision_type,
        s.setting_name,
        s.provider_name,
        s.sector,
        s.sa_category,
        s.registration_status,
        s.registration_date,
        s.places,
        1 as premises,
        false as short_break_only,
        u.register_as_at,
        u.register_carried,
        'supported accommodation premises' as register_source
    from staging.register_premises as s
    inner join used as u
        on s.census_date = u.register_as_at
    where
        u.register_use = 'premises'
        and u.register_table = 'register_premises'
    union all
    select
        o.sheet,
        o.row_number,
        o.urn,
        o.host_authority_code,
        'Supported accommodation' as ofsted_provision_type,
        'Supported accommodation' as provision_type,
        o.setting_name,
        o.provider_name,
        o.sector,
        o.sa_category,
        o.registration_status,
        o.registration_date,
        o.places,
        1 as premises,
        false as short_break_only,
        u.register_as_at,
        u.register_carried,
        'list to authorities' as register_source
    from staging.register_list_premises as o
    inner join used as u
        on o.census_date = u.register_as_at
    where
        u.register_use = 'premises'
        and u.register_table = 'register_list_premises'
)

select
    cast(:census_date as date) as census_date,
    l.urn,
    l.host_authority_code,
    cast(
        row_number() over (partition by l.urn, l.host_authority_code order by l.sheet, l.row_number) as integer
    ) as premises_number,
    l.ofsted_provision_type,
    l.provision_type,
    l.setting_name,
    l.provider_name,
    l.sector,
    l.sa_category,
    l.registration_status,
    l.registration_date,
    l.places,
    l.premises,
    l.short_break_only,
    l.register_as_at,
    l.register_carried,
    l.register_source
from listed as l
where coalesce(l.registration_status, 'Active') in ('Active', 'Suspended')
