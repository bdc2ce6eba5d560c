-- Homes and agencies now are those of the list before, and those opened, less those closed, where both lists are providers and places. A failure
-- means that a home has come or gone unnoticed, or that a URN is in a list twice: look at the lists.
-- checks: curated.register_changes
-- severity: warns
with dates as (
    select max(s.census_date) as earlier
    from core.setting as s
    where s.census_date < cast(:census_date as date)
),

counted as (
    select
        s.census_date,
        count(*) as settings,
        bool_and(s.register_source = 'providers and places') as is_full_list
    from core.setting as s
    cross join dates as d
    where
        s.census_date in (cast(:census_date as date), d.earlier)
        and s.provision_type not in ('Other', 'Supported accommodation')
    group by s.census_date
),

grown as (
    select
        sum(case when c.census_date = cast(:census_date as date) then c.settings else -c.settings end) as settings,
        count(*) as lists,
        bool_and(c.is_full_list) as are_full_lists
    from counted as c
),

told as (
    select coalesce(sum(case when r.change = 'opened' then r.settings else -r.settings end), 0) as settings
    from curated.register_changes as r
    where
        r.census_date = cast(:census_date as date)
        and r.change in ('opened', 'closed')
        and r.provision_type <> 'Supported accommodation'
)

select
    g.settings,
    t.settings as settings_told
from grown as g
cross join told as t
where
    g.lists = 2
    and g.are_full_lists
    and g.settings <> t.settings
