-- What changed in the register since the list before: settings and places by change. The list before is that of the newest earlier census date
-- held (compared_with: a quarter where quarters are held, a year where only years are). A carried-forward list shows no change.
-- opened, closed: in this list and not in that, or the reverse. moved authority: the same URN in another authority, where the old one still
-- stands (the end of Cumbria in 2023 moved no home). grew, shrank: registered places up or down. changed owner: another owner group (a new
-- spelling is none; nor is it one where Ofsted's list of ultimate owners speaks of the owner on one of the dates alone, and the name is the same).
-- grade up, grade down: a better or worse judgement on one scale (Outstanding to Inadequate; the three outcomes of supported accommodation);
-- a first judgement is neither. A setting may be in several changes, but opened and closed ones in no other.
-- Places: of opened and moved ones, and where owner or grade changed, those they have now; of closed ones those they had; of grown and shrunk
-- ones the difference. A setting of supported accommodation is a URN in an authority, its premises summed; it counts once, and is
-- compared only where both dates have a premises list.
-- Provider-level lists leave out homes not yet inspected: against one, only homes registered since count as opened, and only inspected
-- ones as closed.
-- grain: census_date, host_authority_code, provision_type, change
with dates as (
    select max(s.census_date) as earlier
    from core.setting as s
    where s.census_date < cast(:census_date as date)
),

now as (
    select
        s.urn,
        s.host_authority_code,
        case when s.provision_type = 'Supported accommodation' then s.host_authority_code else '' end as premises_in,
        s.provision_type,
        s.register_source,
        s.registration_date,
        s.places,
        s.grade,
        g.owner_group,
        coalesce(g.grouped_by = 'ultimate owner', false) as by_ultimate_owner,
        g.group_by_name
    from core.setting as s
    left join core.owner_group as g
        on s.census_date = g.census_date
        and s.provider_name = g.provider_name
    inner join staging.provision_type as k
        on s.provision_type = k.provision_type
    where s.census_date = cast(:census_date as date)
),

earlier as (
    select
        s.urn,
        s.host_authority_code,
        case when s.provision_type = 'Supported accommodation' then s.host_authority_code else '' end as premises_in,
        s.provision_type,
        s.register_source,
        s.places,
        s.grade,
        g.owner_group,
        coalesce(g.grouped_by = 'ultimate owner', false) as by_ultimate_owner,
        g.group_by_name
    from core.setting as s
    inner join dates as d
        on s.census_date = d.earlier
    left join core.owner_group as g
        on s.census_date = g.census_date
        and s.provider_name = g.provider_name
    inner join staging.provision_type as k
        on s.provision_type = k.provision_type
),

sources as (
    select
        bool_or(n.register_source = 'provider level') as now_is_provider_level,
        bool_or(n.provision_type = 'Supported accommodation' and n.register_source <> 'providers and places') as now_has_premises
    from now as n
),

earlier_sources as (
    select
        bool_or(e.register_source = 'provider level') as was_provider_level,
        bool_or(e.provision_type = 'Supported accommodation' and e.register_source not in ('providers and places', 'provider level')) as had_premises
    from earlier as e
),

grades as (
    select
        v.grade,
        v.scale,
        v.worse
    from (
        values
        ('Outstanding', 'homes', 1),
        ('Good', 'homes', 2),
        ('Requires improvement to be good', 'homes', 3),
        ('Adequate', 'homes', 3),
        ('Satisfactory', 'homes', 3),
        ('Inadequate', 'homes', 4),
        ('Consistently strong service delivery', 'supported', 1),
        ('Inconsistent quality of service delivery', 'supported', 2),
        ('Serious or widespread weaknesses', 'supported', 3)
    ) as v (grade, scale, worse)
),

compared as (
    select
        coalesce(n.host_authority_code, e.host_authority_code) as host_authority_code,
        coalesce(n.provision_type, e.provision_type) as provision_type,
        n.urn is not null as is_now,
        e.urn is not null as was_then,
        n.places,
        e.places as places_then,
        n.registration_date,
        e.grade as grade_then,
        n.host_authority_code <> e.host_authority_code and o.authority_code is not null as moved,
        n.owner_group <> e.owner_group
        and (n.by_ultimate_owner = e.by_ultimate_owner or n.group_by_name <> e.group_by_name) as changed_owner,
        gn.worse - ge.worse as worse_by
    from now as n
    full join earlier as e
        on n.urn = e.urn
        and n.premises_in = e.premises_in
    left join core.authority as o
        on o.census_date = cast(:census_date as date)
        and e.host_authority_code = o.authority_code
    left join grades as gn
        on n.grade = gn.grade
    left join grades as ge
        on e.grade = ge.grade
        and gn.scale = ge.scale
),

changes as (
    select
        c.host_authority_code,
        c.provision_type,
        v.change,
        case
            when v.change = 'closed' then c.places_then
            when v.change in ('grew', 'shrank') then abs(c.places - c.places_then)
            else c.places
        end as places
    from compared as c
    cross join sources as s
    cross join earlier_sources as t
    cross join (
        values ('opened'), ('closed'), ('grew'), ('shrank'), ('moved authority'), ('changed owner'), ('grade up'), ('grade down')
    ) as v (change)
    where
        (c.provision_type <> 'Supported accommodation' or (s.now_has_premises and t.had_premises))
        and case v.change
            when 'opened'
                then
                    not c.was_then
                    and (
                        not coalesce(t.was_provider_level, false)
                        or s.now_is_provider_level
                        or c.registration_date > (select d.earlier from dates as d)
                    )
            when 'closed'
                then
                    not c.is_now
                    and (
                        not s.now_is_provider_level
                        or coalesce(t.was_provider_level, false)
                        or c.grade_then <> 'Not yet inspected'
                    )
            when 'grew' then c.places > c.places_then
            when 'shrank' then c.places < c.places_then
            when 'moved authority' then c.moved
            when 'changed owner' then c.changed_owner
            when 'grade up' then c.worse_by < 0
            else c.worse_by > 0
        end
)

select
    cast(:census_date as date) as census_date,
    d.earlier as compared_with,
    c.host_authority_code,
    a.authority_gss as host_authority_gss,
    coalesce(a.authority_name, c.host_authority_code) as host_authority_name,
    c.provision_type,
    c.change,
    cast(count(*) as integer) as settings,
    cast(sum(c.places) as integer) as places
from changes as c
cross join dates as d
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and c.host_authority_code = a.authority_code
where d.earlier is not null
group by
    d.earlier,
    c.host_authority_code,
    a.authority_gss,
    a.authority_name,
    c.provision_type,
    c.change
