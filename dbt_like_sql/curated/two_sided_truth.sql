-- Who says what of the children whom an authority has in a setting: the provider's return and the authority's own, side by side. Providers:
-- children under 18 (or of unknown age) by the placements table. Authorities: children looked after by the SSDA903, with the URN of the placement
-- census, else the SSDA903's (the establishment's; the agency's, for fostering), as far as either the register or a return knows it; all others are
-- counted under URN UNKNOWN. Where no SSDA903 of the date is held, the placement census's looked-after children, In-house fostering left out and
-- blank. Placements of the types Other (unregistered, custody ...) and None are in no setting and left out; so are children whom no authority
-- placed. The setting of an authority's placement is where the URN is; where it is in several areas, the area that the return says, else the one in
-- which the provider has this authority's children, else UNKNOWN. A side is blank where its return is missing (the provider's where nobody returned
-- the home's settings and no child of this authority is there). A home of no known type has the one that each authority says. The difference is the
-- provider's less the authority's. Likely cause, blank where both agree: missing return (either side's); not a member (the authority does not
-- belong to the region and sends nothing); unknown URN (also where the authority is short of children here and has such placements of the type);
-- host not known (the URN stands in several areas that have returned, and the authority does not say which); count differs.
-- grain: census_date, urn, host_authority_code, provision_type, placing_authority_code
with children as (
    select
        c.urn,
        c.host_authority_code,
        c.provision_type,
        c.placing_authority_code,
        c.age
    from core.setting_child as c
    inner join staging.provision_type as k
        on c.provision_type = k.provision_type
    where c.census_date = cast(:census_date as date)
),

returned as (
    select
        r.urn,
        r.host_authority_code,
        r.provision_type,
        r.occupied_places
    from core.setting_return as r
    inner join staging.provision_type as k
        on r.provision_type = k.provision_type
    where r.census_date = cast(:census_date as date)
),

registered as (
    select
        s.urn,
        s.host_authority_code,
        k.provision_type
    from core.setting as s
    left join staging.provision_type as k
        on s.provision_type = k.provision_type
    where s.census_date = cast(:census_date as date)
),

placements as (
    select
        p.placing_authority_code,
        p.urn,
        nullif(p.host_authority_code, 'UNKNOWN') as host_authority_code,
        p.provision_type
    from core.own_placement as p
    inner join staging.provision_type as k
        on p.provision_type = k.provision_type
    where
        p.census_date = cast(:census_date as date)
        and p.in_figures
),

stands_in as (
    select
        r.urn,
        r.host_authority_code,
        r.provision_type
    from returned as r
    union
    select
        s.urn,
        case when s.provision_type is distinct from 'Independent fostering' then s.host_authority_code end as host_authority_code,
        s.provision_type
    from registered as s
),

known as (
    select
        s.urn,
        max(case when s.host_authority_code <> 'UNKNOWN' then s.host_authority_code end) as only_host,
        count(distinct s.host_authority_code) as hosts
    from stands_in as s
    group by s.urn
),

types as (
    select
        k.urn,
        coalesce(min(r.provision_type), min(s.provision_type)) as provision_type
    from known as k
    left join (select distinct r.urn, r.provision_type from returned as r) as r
        on k.urn = r.urn
    left join (select distinct s.urn, s.provision_type from registered as s) as s
        on k.urn = s.urn
    group by k.urn
),

by_providers as (
    select
        c.urn,
        c.host_authority_code,
        coalesce(t.provision_type, c.provision_type) as provision_type,
        c.placing_authority_code,
        count(*) as children
    from children as c
    left join types as t
        on c.urn = t.urn
    where
        coalesce(c.age, 0) < 18
        and c.placing_authority_code not in ('HEALTH', 'PRIVATE', 'UNKNOWN')
    group by
        c.urn,
        c.host_authority_code,
        coalesce(t.provision_type, c.provision_type),
        c.placing_authority_code
),

one_host_by_providers as (
    select
        b.urn,
        b.placing_authority_code,
        max(b.host_authority_code) as host_authority_code
    from by_providers as b
    group by
        b.urn,
        b.placing_authority_code
    having count(distinct b.host_authority_code) = 1
),

settled as (
    select
        p.placing_authority_code,
        coalesce(k.urn, 'UNKNOWN') as urn,
        coalesce(
            case when k.hosts = 1 then k.only_host end,
            p.host_authority_code,
            o.host_authority_code,
            'UNKNOWN'
        ) as host_authority_code,
        coalesce(t.provision_type, p.provision_type) as provision_type
    from placements as p
    left join known as k
        on p.urn = k.urn
    left join types as t
        on k.urn = t.urn
    left join one_host_by_providers as o
        on k.urn = o.urn
        and p.placing_authority_code = o.placing_authority_code
),

by_authorities as (
    select
        s.urn,
        s.host_authority_code,
        s.provision_type,
        s.placing_authority_code,
        count(*) as children
    from settled as s
    group by
        s.urn,
        s.host_authority_code,
        s.provision_type,
        s.placing_authority_code
),

without_urn as (
    select distinct
        b.placing_authority_code,
        b.provision_type
    from by_authorities as b
    where b.urn = 'UNKNOWN'
),

providers_heard as (
    select
        c.urn,
        c.host_authority_code
    from children as c
    inner join returned as r
        on c.urn = r.urn
        and c.host_authority_code = r.host_authority_code
    union
    select
        r.urn,
        r.host_authority_code
    from returned as r
    where r.occupied_places = 0
),

authorities_heard as (
    select
        p.placing_authority_code,
        min(p.covers) as covers
    from core.own_placement as p
    where p.census_date = cast(:census_date as date)
    group by p.placing_authority_code
),

together as (
    select
        coalesce(p.urn, a.urn) as urn,
        coalesce(p.host_authority_code, a.host_authority_code) as host_authority_code,
        coalesce(p.provision_type, a.provision_type) as provision_type,
        coalesce(p.placing_authority_code, a.placing_authority_code) as placing_authority_code,
        p.children as by_providers,
        a.children as by_authorities
    from by_providers as p
    full join by_authorities as a
        on p.urn = a.urn
        and p.host_authority_code = a.host_authority_code
        and p.provision_type = a.provision_type
        and p.placing_authority_code = a.placing_authority_code
),

compared as (
    select
        t.urn,
        t.host_authority_code,
        t.provision_type,
        t.placing_authority_code,
        coalesce(t.by_providers, case when h.urn is not null then 0 end) as by_providers,
        case
            when d.covers = 'all' or (d.covers = 'commissioned' and t.provision_type <> 'In-house fostering')
                then coalesce(t.by_authorities, 0)
        end as by_authorities,
        u.placing_authority_code is not null as has_placements_without_urn,
        t.host_authority_code = 'UNKNOWN' and r.urn is not null as host_is_not_known
    from together as t
    left join providers_heard as h
        on t.urn = h.urn
        and t.host_authority_code = h.host_authority_code
    left join authorities_heard as d
        on t.placing_authority_code = d.placing_authority_code
    left join without_urn as u
        on t.placing_authority_code = u.placing_authority_code
        and t.provision_type = u.provision_type
    left join (select distinct p.urn from providers_heard as p) as r
        on t.urn = r.urn
)

select
    cast(:census_date as date) as census_date,
    c.urn,
    c.host_authority_code,
    h.authority_gss as host_authority_gss,
    coalesce(h.authority_name, c.host_authority_code) as host_authority_name,
    c.provision_type,
    c.placing_authority_code,
    p.authority_gss as placing_authority_gss,
    coalesce(p.authority_name, c.placing_authority_code) as placing_authority_name,
    cast(c.by_providers as integer) as children_by_providers,
    cast(c.by_authorities as integer) as children_by_authorities,
    cast(c.by_providers - c.by_authorities as integer) as difference,
    case
        when c.urn = 'UNKNOWN' then 'unknown URN'
        when c.by_authorities is null and not coalesce(p.is_member, false) then 'not a member'
        when c.host_is_not_known then 'host not known'
        when c.by_providers is null or c.by_authorities is null then 'missing return'
        when c.by_providers = c.by_authorities then null
        when c.by_providers > c.by_authorities and c.has_placements_without_urn then 'unknown URN'
        else 'count differs'
    end as likely_cause
from compared as c
left join core.authority as h
    on h.census_date = cast(:census_date as date)
    and c.host_authority_code = h.authority_code
left join core.authority as p
    on p.census_date = cast(:census_date as date)
    and c.placing_authority_code = p.authority_code
