-- Where two sources that should agree do not: register against census, placement census against SSDA903, provider against authority, this
-- quarter against the last. Each names both figures; a setting in two senders' returns is told to each, with no figure of the other.
-- Deprivation of liberty orders of last year are looked for in this year's. None keeps a return out.
-- Children who found a home by the Placements Standard are looked for in the SSDA903.
-- A child of the placement census under 18 whom the SSDA903 lacks counts in commissioned placements and costs alone.
-- Where the two name different hosts, the SSDA903's counts. The sentence of each rule is in schemas/rules.toml.
-- A total moves by more than its history explains where it changes by more than three times its usual change (and a tenth, and five);
-- with fewer than two earlier changes to go by, where it changes by more than three tenths (and ten).
-- grain: census_date, sender, rule, subject
with previous as (
    select
        s.sender,
        s.table_name,
        max(s.census_date) as census_date
    from staging.submission as s
    where
        s.status = 'in force'
        and s.census_date < cast(:census_date as date)
    group by
        s.sender,
        s.table_name
),

sent as (
    select
        s.sender,
        s.table_name
    from staging.submission as s
    where
        s.status = 'in force'
        and s.census_date = cast(:census_date as date)
),

last_listed as (
    select
        g.urn,
        g.host_authority_code,
        max(g.census_date) as census_date
    from core.setting as g
    where g.census_date < cast(:census_date as date)
    group by
        g.urn,
        g.host_authority_code
),

elsewhere as (
    select
        g.urn,
        string_agg(distinct a.authority_name, ', ' order by a.authority_name) as authorities
    from core.setting as g
    inner join core.authority as a
        on g.census_date = a.census_date
        and g.host_authority_code = a.authority_code
    where g.census_date = cast(:census_date as date)
    group by g.urn
),

unknown_to_register as (
    select
        r.sender,
        case when l.urn is not null then 'setting_left_the_register' else 'setting_not_in_register' end as rule,
        concat(r.urn, ' in ', coalesce(a.authority_name, r.host_authority_code)) as subject,
        concat(cast(r.registered_places as text), ' registered places') as sent,
        case
            when l.urn is not null then concat('last listed for ', to_char(l.census_date, 'DD/MM/YYYY'))
            when e.urn is not null then concat('the register has this URN in ', e.authorities)
            else 'no such URN'
        end as beside
    from core.setting_return as r
    left join core.authority as a
        on r.census_date = a.census_date
        and r.host_authority_code = a.authority_code
    left join last_listed as l
        on r.urn = l.urn
        and r.host_authority_code = l.host_authority_code
    left join elsewhere as e
        on r.urn = e.urn
    where
        r.census_date = cast(:census_date as date)
        and not r.known_to_register
        and r.provision_type <> 'In-house fostering'
        and exists (
            select 1 as found
            from core.register_in_use as u
            where
                u.census_date = cast(:census_date as date)
                and u.register_use = 'settings'
        )
),

other_capacity as (
    select
        r.sender,
        'capacity_differs_from_register' as rule,
        concat(r.urn, ' in ', coalesce(a.authority_name, r.host_authority_code)) as subject,
        concat(cast(r.registered_places as text), ' registered places') as sent,
        concat(cast(r.register_places as text), ' in the register') as beside
    from core.setting_return as r
    left join core.authority as a
        on r.census_date = a.census_date
        and r.host_authority_code = a.authority_code
    where
        r.census_date = cast(:census_date as date)
        and r.register_places is not null
        and r.register_places <> r.registered_places
),

-- Short breaks are in the SSDA903 under V3 and V4, and are no children looked after there.
census_beside_903 as (
    select
        o.placing_authority_code as sender,
        'census_children_not_in_903' as rule,
        'children looked after' as subject,
        concat(cast(count(distinct o.child_key) as text), ' in the placement census') as sent,
        concat(
            cast(count(distinct case when o.source = 'ssda903' then o.child_key end) as text),
            ' of them with an open episode in the SSDA903'
        ) as beside
    from core.own_placement as o
    where
        o.census_date = cast(:census_date as date)
        and o.covers = 'all'
        and o.is_in_census
        and o.is_looked_after
        and (o.source = 'ssda903' or not o.is_short_break)
    group by o.placing_authority_code
    having count(distinct o.child_key) > count(distinct case when o.source = 'ssda903' then o.child_key end)
),

-- Of the children of both returns, those whose host authority the census names, and the SSDA903's postcode lies elsewhere.
other_hosts as (
    select
        p.placing_authority_code as sender,
        'census_hosts_differ_from_903' as rule,
        'host authority' as subject,
        concat(cast(count(distinct p.child_key) as text), ' children with another host authority in the placement census') as sent,
        'the SSDA903''s postcode of the placement, which counts, lies elsewhere' as beside
    from core.placement as p
    inner join core.child as c
        on p.census_date = c.census_date
        and p.placing_authority_code = c.authority_code
        and p.child_key = c.child_key
    where
        p.census_date = cast(:census_date as date)
        and p.host_known_by = 'the return'
        and not p.is_short_break
        and p.host_authority_code <> c.placement_authority_code
    group by p.placing_authority_code
),

by_providers as (
    select
        c.placing_authority_code,
        c.provision_type,
        count(*) as children
    from core.setting_child as c
    inner join staging.provision_type as k
        on c.provision_type = k.provision_type
    where
        c.census_date = cast(:census_date as date)
        and k.is_commissioned
        and coalesce(c.age, 0) < 18
    group by
        c.placing_authority_code,
        c.provision_type
),

by_authority as (
    select
        p.placing_authority_code,
        p.provision_type,
        count(*) as children
    from core.placement as p
    where
        p.census_date = cast(:census_date as date)
        and p.is_looked_after
    group by
        p.placing_authority_code,
        p.provision_type
),

providers_show_more as (
    select
        s.sender,
        'providers_show_more_children' as rule,
        b.provision_type as subject,
        concat(cast(coalesce(a.children, 0) as text), ' children in your placement census') as sent,
        concat(cast(b.children as text), ' of your children in the providers'' returns') as beside
    from by_providers as b
    inner join sent as s
        on b.placing_authority_code = s.sender
        and s.table_name = 'placement_census'
    left join by_authority as a
        on b.placing_authority_code = a.placing_authority_code
        and b.provision_type = a.provision_type
    where b.children > coalesce(a.children, 0)
),

totals as (
    select
        p.census_date,
        p.placing_authority_code as sender,
        'placements' as subject,
        cast(count(*) as integer) as total
    from core.placement as p
    where p.census_date <= cast(:census_date as date)
    group by
        p.census_date,
        p.placing_authority_code
    union all
    select
        r.census_date,
        r.sender,
        'occupied places' as subject,
        cast(sum(r.occupied_places) as integer) as total
    from core.setting_return as r
    where r.census_date <= cast(:census_date as date)
    group by
        r.census_date,
        r.sender
),

changes as (
    select
        t.census_date,
        t.sender,
        t.subject,
        t.total,
        lag(t.total) over (partition by t.sender, t.subject order by t.census_date) as total_before,
        t.total - lag(t.total) over (partition by t.sender, t.subject order by t.census_date) as change
    from totals as t
),

usual as (
    select
        c.sender,
        c.subject,
        count(c.change) as changes,
        avg(abs(c.change)) as usual_change
    from changes as c
    where c.census_date < cast(:census_date as date)
    group by
        c.sender,
        c.subject
),

moved as (
    select
        c.sender,
        'total_moved_more_than_usual' as rule,
        c.subject,
        concat(cast(c.total as text), ' this quarter') as sent,
        concat(cast(c.total_before as text), ' in the return before') as beside
    from changes as c
    inner join usual as u
        on c.sender = u.sender
        and c.subject = u.subject
    where
        c.census_date = cast(:census_date as date)
        and c.change is not null
        and case
            when u.changes >= 2
                then abs(c.change) > greatest(3 * u.usual_change, cast(c.total_before as numeric) / 10, 5)
            else abs(c.change) > greatest(3 * cast(c.total_before as numeric) / 10, 10)
        end
),

vanished as (
    select
        b.sender,
        'setting_vanished' as rule,
        concat(b.urn, ' in ', coalesce(a.authority_name, b.host_authority_code)) as subject,
        'not in this return' as sent,
        concat('returned for ', to_char(b.census_date, 'DD/MM/YYYY'), ', and still in the register') as beside
    from core.setting_return as b
    inner join previous as p
        on b.sender = p.sender
        and b.census_date = p.census_date
        and p.table_name = 'provider_settings'
    inner join sent as s
        on b.sender = s.sender
        and s.table_name = 'provider_settings'
    inner join core.setting as g
        on g.census_date = cast(:census_date as date)
        and b.urn = g.urn
        and b.host_authority_code = g.host_authority_code
    left join core.setting_return as r
        on r.census_date = cast(:census_date as date)
        and b.urn = r.urn
        and b.host_authority_code = r.host_authority_code
    left join core.authority as a
        on g.census_date = a.census_date
        and b.host_authority_code = a.authority_code
    where r.urn is null
),

returned as (
    select distinct
        s.urn,
        s.host_authority_code,
        s.sender,
        coalesce(a.authority_name, s.sender) as sender_name
    from staging.provider_settings as s
    left join core.authority as a
        on s.census_date = a.census_date
        and s.sender = a.authority_code
    where s.census_date = cast(:census_date as date)
),

of_two_senders as (
    select
        m.sender,
        'setting_of_two_senders' as rule,
        concat(m.urn, ' in ', coalesce(min(a.authority_name), m.host_authority_code)) as subject,
        case
            when m.sender = min(r.sender) then 'in this return, which counts'
            else 'in this return, which does not count'
        end as sent,
        concat(
            'also in the return of ',
            string_agg(
                concat(o.sender_name, case when o.sender = r.sender then ', which counts' end),
                '; of ' order by o.sender
            )
        ) as beside
    from returned as m
    inner join returned as o
        on m.urn = o.urn
        and m.host_authority_code = o.host_authority_code
        and m.sender <> o.sender
    inner join core.setting_return as r
        on r.census_date = cast(:census_date as date)
        and m.urn = r.urn
        and m.host_authority_code = r.host_authority_code
    left join core.authority as a
        on r.census_date = a.census_date
        and m.host_authority_code = a.authority_code
    group by
        m.urn,
        m.host_authority_code,
        m.sender
),

-- Orders open at the end of last year, by the return of that day, that this year's return has not with the same start.
orders_gone as (
    select
        s.sender,
        'order_missing_from_this_year' as rule,
        'deprivation of liberty orders' as subject,
        concat(cast(count(*) as text), ' orders open when the last year ended are not in this return') as sent,
        concat('the return of ', to_char(min(l.census_date), 'DD/MM/YYYY'), ' has them') as beside
    from staging.ssda903_dolo as l
    inner join sent as s
        on l.sender = s.sender
        and s.table_name = 'ssda903_dolo'
    left join staging.ssda903_dolo as n
        on n.census_date = cast(:census_date as date)
        and l.sender = n.sender
        and l.authority_code = n.authority_code
        and l.child_key = n.child_key
        and l.dolo_start = n.dolo_start
    where
        l.census_date = cast(
            date_trunc('year', cast(:census_date as date) - interval '3 months') + interval '3 months' - interval '1 day' as date
        )
        and l.dolo_start <= l.census_date
        and (l.dolo_end is null or l.dolo_end > l.census_date)
        and n.submission_id is null
    group by s.sender
),

-- Children who found a home by the Placements Standard and whom the header of the same sender's SSDA903 has not: their age and sex are not known.
searches_beside_903 as (
    select
        r.sender,
        'searched_children_not_in_903' as rule,
        'children for whom a home was found' as subject,
        concat(cast(count(distinct r.child_key) as text), ' in the Placements Standard') as sent,
        concat(cast(count(distinct r.child_key) - count(distinct h.child_key) as text), ' of them not in the SSDA903''s header') as beside
    from staging.placements_standard as r
    inner join sent as s
        on r.sender = s.sender
        and s.table_name = 'ssda903_header'
    left join staging.ssda903_header as h
        on h.census_date = cast(:census_date as date)
        and r.sender = h.authority_code
        and r.child_key = h.child_key
    where
        r.census_date = cast(:census_date as date)
        and r.type_placed is not null
    group by r.sender
    having count(distinct r.child_key) > count(distinct h.child_key)
),

-- Care leavers whom an earlier return of the same sender reported to have died.
died_before as (
    select
        s.sender,
        'care_leaver_died_before' as rule,
        'care leavers' as subject,
        concat(cast(count(distinct n.child_key) as text), ' in this return who were reported to have died') as sent,
        concat('first in the return of ', to_char(min(l.census_date), 'DD/MM/YYYY')) as beside
    from staging.ssda903_oc3 as n
    inner join sent as s
        on n.sender = s.sender
        and s.table_name = 'ssda903_oc3'
    inner join staging.ssda903_oc3 as l
        on n.sender = l.sender
        and n.authority_code = l.authority_code
        and n.child_key = l.child_key
        and l.census_date < n.census_date
        and l.in_touch = 'DIED'
    where
        n.census_date = cast(:census_date as date)
        and n.census_date - l.census_date >= 365
    group by s.sender
),

together as (
    select
        f.sender,
        f.rule,
        f.subject,
        f.sent,
        f.beside
    from searches_beside_903 as f
    union all
    select
        d.sender,
        d.rule,
        d.subject,
        d.sent,
        d.beside
    from died_before as d
    union all
    select
        g.sender,
        g.rule,
        g.subject,
        g.sent,
        g.beside
    from orders_gone as g
    union all
    select
        u.sender,
        u.rule,
        u.subject,
        u.sent,
        u.beside
    from unknown_to_register as u
    union all
    select
        o.sender,
        o.rule,
        o.subject,
        o.sent,
        o.beside
    from other_capacity as o
    union all
    select
        c.sender,
        c.rule,
        c.subject,
        c.sent,
        c.beside
    from census_beside_903 as c
    union all
    select
        h.sender,
        h.rule,
        h.subject,
        h.sent,
        h.beside
    from other_hosts as h
    union all
    select
        m.sender,
        m.rule,
        m.subject,
        m.sent,
        m.beside
    from providers_show_more as m
    union all
    select
        v.sender,
        v.rule,
        v.subject,
        v.sent,
        v.beside
    from moved as v
    union all
    select
        w.sender,
        w.rule,
        w.subject,
        w.sent,
        w.beside
    from vanished as w
    union all
    select
        z.sender,
        z.rule,
        z.subject,
        z.sent,
        z.beside
    from of_two_senders as z
)

select
    cast(:census_date as date) as census_date,
    t.sender,
    t.rule,
    t.subject,
    t.sent,
    t.beside
from together as t
