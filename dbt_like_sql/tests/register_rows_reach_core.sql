-- Every active or suspended row of the register's lists in use is in core.premises, once. A failure means that homes or premises are
-- missing from the supply, or are in it twice: look at the lists in use (core.register_in_use) and at joins that lose or double a row.
-- checks: core.premises
-- severity: blocks
with used as (
    select
        u.register_use,
        u.register_table,
        u.register_as_at
    from core.register_in_use as u
    where u.census_date = cast(:census_date as date)
),

listed as (
    select
        p.urn,
        p.ofsted_provision_type,
        p.registration_status
    from staging.register_providers as p
    inner join used as u
        on p.census_date = u.register_as_at
    where
        u.register_use = 'settings'
        and u.register_table = 'register_providers'
    union all
    select
        l.urn,
        l.ofsted_provision_type,
        l.registration_status
    from staging.register_provider_levels as l
    inner join used as u
        on l.census_date = u.register_as_at
    where
        u.register_use = 'settings'
        and u.register_table = 'register_provider_levels'
    union all
    select
        o.urn,
        o.ofsted_provision_type,
        o.registration_status
    from staging.register_list_homes as o
    inner join used as u
        on o.census_date = u.register_as_at
    where
        u.register_use = 'settings'
        and u.register_table = 'register_list_homes'
),

wanted as (
    select
        l.urn,
        count(*) as listed_rows
    from (
        select
            p.urn,
            p.registration_status
        from listed as p
        where
            coalesce(p.ofsted_provision_type, 'Other') <> 'Supported accommodation'
            or not exists (select 1 as found from used as u where u.register_use = 'premises')
        union all
        select
            s.urn,
            s.registration_status
        from staging.register_premises as s
        inner join used as u
            on s.census_date = u.register_as_at
        where
            u.register_use = 'premises'
            and u.register_table = 'register_premises'
        union all
        select
            o.urn,
            o.registration_status
        from staging.register_list_premises as o
        inner join used as u
            on o.census_date = u.register_as_at
        where
            u.register_use = 'premises'
            and u.register_table = 'register_list_premises'
    ) as l
    where coalesce(l.registration_status, 'Active') in ('Active', 'Suspended')
    group by l.urn
),

found as (
    select
        p.urn,
        count(*) as core_rows
    from core.premises as p
    where p.census_date = cast(:census_date as date)
    group by p.urn
)

select
    coalesce(w.urn, f.urn) as urn,
    coalesce(w.listed_rows, 0) as listed_rows,
    coalesce(f.core_rows, 0) as core_rows
from wanted as w
full join found as f
    on w.urn = f.urn
where coalesce(w.listed_rows, 0) <> coalesce(f.core_rows, 0)
