-- Children placed by one authority and living in another's area, as the providers say and as the authorities say.
-- Both sides count children: the providers' under 18 or of unknown age, the authorities' looked-after children by the SSDA903,
-- those with parents and for adoption too (type None; covers: all). Where no SSDA903 of the date is held, the authorities' side
-- is its placement census's (covers: commissioned): figures of commissioned types are given, In-house fostering, Other and None
-- are blank, and no sum over the types is a whole. A side is blank where it has not returned: the providers' where no provider
-- of the type in the host's area sent placements, the authorities' where the placing authority sent neither return.
-- Children at a URN that nobody knows are the providers' too: under Other, in the area that the row gives, else UNKNOWN. Of homes that nobody
-- returned children are counted, and no 0 is said: whose row it is would read in it that others' children are there.
-- grain: census_date, placing_authority_code, host_authority_code, provision_type
with by_providers as (
    select
        c.placing_authority_code,
        c.host_authority_code,
        c.provision_type,
        count(*) as children
    from core.setting_child as c
    where
        c.census_date = cast(:census_date as date)
        and c.in_figures
        and coalesce(c.age, 0) < 18
    group by
        c.placing_authority_code,
        c.host_authority_code,
        c.provision_type
),

by_authorities as (
    select
        p.placing_authority_code,
        p.host_authority_code,
        p.provision_type,
        count(*) as children
    from core.own_placement as p
    where
        p.census_date = cast(:census_date as date)
        and p.in_figures
    group by
        p.placing_authority_code,
        p.host_authority_code,
        p.provision_type
),

hosts_heard as (
    select
        r.host_authority_code,
        r.provision_type
    from core.setting_return as r
    inner join staging.provision_type as k
        on r.provision_type = k.provision_type
    where r.census_date = cast(:census_date as date)
    group by
        r.host_authority_code,
        r.provision_type
    having sum(r.occupied_places) = 0
    union
    select
        c.host_authority_code,
        c.provision_type
    from core.setting_child as c
    inner join core.setting_return as r
        on c.census_date = r.census_date
        and c.urn = r.urn
        and c.host_authority_code = r.host_authority_code
        and c.provision_type = r.provision_type
    where
        c.census_date = cast(:census_date as date)
        and c.in_figures
),

authorities_heard as (
    select
        s.authority_code as placing_authority_code,
        'all' as covers
    from core.ssda903_return as s
    where
        s.census_date = cast(:census_date as date)
        and s.return_date = s.census_date
    union
    select
        p.placing_authority_code,
        p.covers
    from core.own_placement as p
    where
        p.census_date = cast(:census_date as date)
        and p.covers = 'commissioned'
),

together as (
    select
        coalesce(b.placing_authority_code, a.placing_authority_code) as placing_authority_code,
        coalesce(b.host_authority_code, a.host_authority_code) as host_authority_code,
        coalesce(b.provision_type, a.provision_type) as provision_type,
        b.children as children_by_providers,
        a.children as children_by_authorities
    from by_providers as b
    full join by_authorities as a
        on b.placing_authority_code = a.placing_authority_code
        and b.host_authority_code = a.host_authority_code
        and b.provision_type = a.provision_type
)

select
    cast(:census_date as date) as census_date,
    t.placing_authority_code,
    p.authority_gss as placing_authority_gss,
    coalesce(p.authority_name, t.placing_authority_code) as placing_authority_name,
    t.host_authority_code,
    h.authority_gss as host_authority_gss,
    coalesce(h.authority_name, t.host_authority_code) as host_authority_name,
    t.provision_type,
    cast(
        coalesce(t.children_by_providers, case when s.host_authority_code is not null then 0 end) as integer
    ) as children_by_providers,
    cast(
        case
            when d.covers = 'all' or k.is_commissioned
                then case when d.covers is not null then coalesce(t.children_by_authorities, 0) end
        end as integer
    ) as children_by_authorities,
    d.covers
from together as t
left join staging.provision_type as k
    on t.provision_type = k.provision_type
left join hosts_heard as s
    on t.host_authority_code = s.host_authority_code
    and t.provision_type = s.provision_type
left join authorities_heard as d
    on t.placing_authority_code = d.placing_authority_code
left join core.authority as p
    on p.census_date = cast(:census_date as date)
    and t.placing_authority_code = p.authority_code
left join core.authority as h
    on h.census_date = cast(:census_date as date)
    and t.host_authority_code = h.authority_code
