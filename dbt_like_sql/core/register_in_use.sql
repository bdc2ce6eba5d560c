-- Which list of the register speaks for the census date: the newest one held on or before it.
-- Settings come from providers and places where the newest date has it, else from the list sent to authorities, else from the
-- provider level sheet; premises, grades and needs each from their own newest list. A list older than the census date is carried forward.
-- grain: census_date, register_use
-- readers: members
with held as (
    select
        u.register_use,
        s.table_name as register_table,
        u.preference,
        max(s.census_date) as register_as_at
    from staging.submission as s
    inner join (
        values
        ('settings', 'register_providers', 1),
        ('settings', 'register_list_homes', 2),
        ('settings', 'register_provider_levels', 3),
        ('premises', 'register_premises', 1),
        ('premises', 'register_list_premises', 2),
        ('grades', 'register_provider_levels', 1),
        ('grades', 'register_list_homes', 2),
        ('needs', 'register_list_homes', 1)
    ) as u (register_use, table_name, preference)
        on s.table_name = u.table_name
    where
        s.status = 'in force'
        and s.census_date <= cast(:census_date as date)
    group by
        u.register_use,
        s.table_name,
        u.preference
),

ranked as (
    select
        h.register_use,
        h.register_table,
        h.register_as_at,
        row_number() over (partition by h.register_use order by h.register_as_at desc, h.preference asc) as position
    from held as h
)

select
    cast(:census_date as date) as census_date,
    r.register_use,
    r.register_table,
    r.register_as_at,
    r.register_as_at < cast(:census_date as date) as register_carried
from ranked as r
where r.position = 1
