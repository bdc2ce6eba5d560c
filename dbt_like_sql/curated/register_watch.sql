-- Named homes that changed since the register's list before, with whose children live there: one row a setting, change and placing authority.
-- opened, closed: in this list and not in that, or the reverse (not told against a provider-level list, which leaves some out); sold: another owner
-- group (not where Ofsted's list of ultimate owners speaks of one of the dates alone, and the name is the same);
-- regraded: another judgement, where both are one; suspended: the registration is, and was not. The list before is that of the newest earlier
-- census date held; a list carried forward shows no change. Ofsted's own reason is beside it (its leavers and joiners), and its
-- newest inspection in the year. Children are those looked after that the authority's own returns place there on the date, by URN
-- (core.own_placement); young people placed after 18 are no children looked after: they are in post_18: each authority sees its own
-- alone. A setting where no authority of the region has anybody has one row, of nobody (NONE), for the regional group.
-- setting_name: the register's; of homes that the public register redacts that of Ofsted's list to authorities, else of the setting's own return.
-- grain: census_date, urn, host_authority_code, change, placing_authority_code
with dates as (
    select max(s.census_date) as earlier
    from core.setting as s
    where s.census_date < cast(:census_date as date)
),

told_names as (
    select
        u.census_date,
        h.urn,
        max(h.setting_name) as setting_name
    from core.register_in_use as u
    cross join dates as d
    inner join staging.register_list_homes as h
        on u.register_as_at = h.census_date
    where
        u.register_use = 'needs'
        and (u.census_date = cast(:census_date as date) or u.census_date = d.earlier)
    group by
        u.census_date,
        h.urn
),

listed as (
    select
        s.census_date,
        s.urn,
        s.host_authority_code,
        s.provision_type,
        coalesce(nullif(s.setting_name, 'REDACTED'), t.setting_name, r.setting_name) as setting_name,
        s.provider_name,
        s.places,
        s.grade,
        s.registration_status,
        s.register_source,
        s.register_carried,
        g.owner_group,
        coalesce(g.grouped_by = 'ultimate owner', false) as by_ultimate_owner,
        g.group_by_name
    from core.setting as s
    cross join dates as d
    inner join staging.provision_type as k
        on s.provision_type = k.provision_type
    left join core.owner_group as g
        on s.census_date = g.census_date
        and s.provider_name = g.provider_name
    left join told_names as t
        on s.census_date = t.census_date
        and s.urn = t.urn
    left join core.setting_return as r
        on s.census_date = r.census_date
        and s.urn = r.urn
        and s.host_authority_code = r.host_authority_code
    where
        (s.census_date = cast(:census_date as date) or s.census_date = d.earlier)
        and k.has_premises
),

compared as (
    select
        coalesce(n.urn, e.urn) as urn,
        coalesce(n.host_authority_code, e.host_authority_code) as host_authority_code,
        coalesce(n.provision_type, e.provision_type) as provision_type,
        coalesce(n.setting_name, e.setting_name) as setting_name,
        coalesce(n.provider_name, e.provider_name) as provider_name,
        coalesce(n.places, e.places) as places,
        n.urn is not null as is_now,
        e.urn is not null as was_then,
        n.grade,
        e.grade as grade_before,
        n.owner_group,
        e.owner_group as owner_group_before,
        n.owner_group <> e.owner_group
        and (n.by_ultimate_owner = e.by_ultimate_owner or n.group_by_name <> e.group_by_name) as sold,
        n.registration_status,
        e.registration_status as status_before
    from (
        select
            l.urn,
            l.host_authority_code,
            l.provision_type,
            l.setting_name,
            l.provider_name,
            l.places,
            l.grade,
            l.owner_group,
            l.by_ultimate_owner,
            l.group_by_name,
            l.registration_status
        from listed as l
        where l.census_date = cast(:census_date as date)
    ) as n
    full join (
        select
            l.urn,
            l.host_authority_code,
            l.provision_type,
            l.setting_name,
            l.provider_name,
            l.places,
            l.grade,
            l.owner_group,
            l.by_ultimate_owner,
            l.group_by_name,
            l.registration_status
        from listed as l
        where l.census_date < cast(:census_date as date)
    ) as e
        on n.urn = e.urn
        and n.host_authority_code = e.host_authority_code
),

lists as (
    select
        bool_or(l.census_date = cast(:census_date as date) and not l.register_carried) as is_new,
        bool_or(l.census_date < cast(:census_date as date)) as has_earlier,
        bool_or(l.register_source = 'provider level') as leaves_some_out
    from listed as l
),

changed as (
    select
        c.urn,
        c.host_authority_code,
        c.provision_type,
        c.setting_name,
        c.provider_name,
        c.places,
        c.grade,
        c.grade_before,
        c.owner_group,
        c.owner_group_before,
        c.registration_status,
        v.change
    from compared as c
    cross join lists as l
    cross join (
        values
        ('opened'),
        ('closed'),
        ('sold'),
        ('regraded'),
        ('suspended')
    ) as v (change)
    where
        l.is_new
        and l.has_earlier
        and case v.change
            when 'opened' then c.is_now and not c.was_then and not l.leaves_some_out
            when 'closed' then c.was_then and not c.is_now and not l.leaves_some_out
            when 'sold' then coalesce(c.sold, false)
            when 'regraded' then
                coalesce(c.grade <> c.grade_before and c.grade <> 'Not yet inspected' and c.grade_before <> 'Not yet inspected', false)
            else
                coalesce(position('suspended' in lower(c.registration_status)) = 1, false)
                and c.was_then
                and not coalesce(position('suspended' in lower(c.status_before)) = 1, false)
        end
),

said as (
    select
        r.urn,
        min(r.change_reason) as change_reason,
        max(r.left_date) as left_date
    from staging.register_changes as r
    where r.census_date = cast(:census_date as date)
    group by r.urn
),

inspected as (
    select
        i.urn,
        i.inspection_date,
        i.in_year_event,
        row_number() over (partition by i.urn order by i.inspection_date desc, i.sheet desc, i.row_number desc) as position
    from staging.register_inspections as i
    where
        i.census_date = cast(:census_date as date)
        and i.inspection_date <= cast(:census_date as date)
),

living as (
    select
        o.urn,
        o.placing_authority_code,
        sum(case when o.is_looked_after then 1 else 0 end) as children,
        sum(case when o.is_looked_after then 0 else 1 end) as post_18
    from core.own_placement as o
    where
        o.census_date = cast(:census_date as date)
        and o.urn is not null
    group by
        o.urn,
        o.placing_authority_code
)

select
    cast(:census_date as date) as census_date,
    c.urn,
    c.host_authority_code,
    h.authority_gss as host_authority_gss,
    coalesce(h.authority_name, c.host_authority_code) as host_authority_name,
    c.change,
    coalesce(l.placing_authority_code, 'NONE') as placing_authority_code,
    c.provision_type,
    c.setting_name,
    c.provider_name,
    c.places,
    c.grade,
    c.grade_before,
    c.owner_group,
    c.owner_group_before,
    c.registration_status,
    s.change_reason,
    s.left_date,
    i.inspection_date,
    i.in_year_event,
    cast(coalesce(l.children, 0) as integer) as children,
    cast(coalesce(l.post_18, 0) as integer) as post_18
from changed as c
left join said as s
    on c.urn = s.urn
left join inspected as i
    on c.urn = i.urn
    and i.position = 1
left join living as l
    on c.urn = l.urn
left join core.authority as h
    on h.census_date = cast(:census_date as date)
    and c.host_authority_code = h.authority_code
