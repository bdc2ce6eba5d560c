-- Numerical sufficiency: what an authority's own children need against the places of each type in its area, and
-- beside it access: whether the authority reaches those places.
-- Need (own_placements): the authority's own looked-after children who need a place of the type, wherever they are, for the law
-- wants it in area: every child looked after by the SSDA903 (covers: all). Where no SSDA903 of the date is held, the placement
-- census's (covers: commissioned): the need for In-house fostering is then blank (blank_reason no_ssda903). Children in
-- unregistered settings are need, of a children's home or, where so coded at 16 and 17, of supported accommodation:
-- own_unregistered says how many. Short breaks, Other and None are no need of a place.
-- numerical_sufficiency = registered places - need; usable_sufficiency = usable places (occupied or vacant in the settings that
-- returned, whoever lives there) - need; vacant_sufficiency = vacant places - own children known to be elsewhere. Below 0
-- places are lacking. That there are enough does not say that the authority's children get them: access is the share of
-- the area's occupied places that the host itself uses, and the offers that its settings make per referral.
-- Counted figures are of the settings that returned (coverage_places beside them); the estimates are for all registered settings and stand in
-- columns of their own. Where the register holds no setting of the type in the area, there are 0 places. Fostering has no
-- registered places in the register, so that figure is blank. Only authorities that returned their placements have rows.
-- grain: census_date, authority_code, provision_type
with own as (
    select
        p.placing_authority_code,
        p.needs_provision_type,
        p.source,
        p.covers,
        p.host_authority_code,
        p.is_unregistered
    from core.own_placement as p
    where
        p.census_date = cast(:census_date as date)
        and p.is_looked_after
        and (p.covers = 'commissioned' or p.source = 'ssda903')
),

needed as (
    select
        p.placing_authority_code as authority_code,
        p.needs_provision_type as provision_type,
        count(*) as own_placements,
        sum(case when p.is_unregistered then 1 else 0 end) as own_unregistered,
        sum(case when p.host_authority_code = p.placing_authority_code then 1 else 0 end) as own_placements_in_area,
        sum(case when p.host_authority_code not in (p.placing_authority_code, 'UNKNOWN') then 1 else 0 end) as own_placements_elsewhere
    from own as p
    where p.needs_provision_type is not null
    group by
        p.placing_authority_code,
        p.needs_provision_type
),

authorities as (
    select
        p.placing_authority_code as authority_code,
        min(p.source) as source,
        min(p.covers) as covers
    from own as p
    group by p.placing_authority_code
),

supply as (
    select
        o.host_authority_code as authority_code,
        o.provision_type,
        o.places_registered,
        o.occupied,
        o.vacant,
        o.coverage_places,
        o.occupied_estimate,
        o.vacant_estimate
    from curated.host_authority_occupancy as o
    where o.census_date = cast(:census_date as date)
),

listed as (
    select distinct s.provision_type
    from core.setting as s
    where
        s.census_date = cast(:census_date as date)
        and s.places is not null
),

used as (
    select
        u.host_authority_code as authority_code,
        u.provision_type,
        u.share_of_places_used_by_host
    from curated.host_use_of_own_supply as u
    where u.census_date = cast(:census_date as date)
),

offered as (
    select
        r.host_authority_code as authority_code,
        r.provision_type,
        r.offer_rate
    from curated.referrals as r
    where r.census_date = cast(:census_date as date)
),

pairs as (
    select
        n.authority_code,
        n.provision_type
    from needed as n
    union
    select
        s.authority_code,
        s.provision_type
    from supply as s
),

measured as (
    select
        q.authority_code,
        q.provision_type,
        a.source,
        a.covers,
        a.covers = 'commissioned' and q.provision_type = 'In-house fostering' as is_blank,
        coalesce(n.own_placements, 0) as own_placements,
        coalesce(n.own_unregistered, 0) as own_unregistered,
        coalesce(n.own_placements_in_area, 0) as own_placements_in_area,
        coalesce(n.own_placements_elsewhere, 0) as own_placements_elsewhere,
        case when s.authority_code is null and l.provision_type is not null then 0 else s.places_registered end as places_registered,
        case when s.authority_code is null and l.provision_type is not null then 0 else s.occupied + s.vacant end as usable,
        case when s.authority_code is null and l.provision_type is not null then 0 else s.vacant end as vacant,
        s.coverage_places,
        case
            when s.authority_code is null and l.provision_type is not null then 0
            else s.occupied_estimate + s.vacant_estimate
        end as usable_estimate,
        case when s.authority_code is null and l.provision_type is not null then 0 else s.vacant_estimate end as vacant_estimate
    from pairs as q
    inner join authorities as a
        on q.authority_code = a.authority_code
    left join needed as n
        on q.authority_code = n.authority_code
        and q.provision_type = n.provision_type
    left join supply as s
        on q.authority_code = s.authority_code
        and q.provision_type = s.provision_type
    left join listed as l
        on q.provision_type = l.provision_type
),

told as (
    select
        m.authority_code,
        m.provision_type,
        m.source,
        m.covers,
        case when m.is_blank then 'no_ssda903' end as blank_reason,
        case when not m.is_blank then m.own_placements end as own_placements,
        case when not m.is_blank then m.own_unregistered end as own_unregistered,
        case when not m.is_blank then m.own_placements_in_area end as own_placements_in_area,
        case when not m.is_blank then m.own_placements_elsewhere end as own_placements_elsewhere,
        m.places_registered,
        m.usable,
        m.vacant,
        m.coverage_places,
        m.usable_estimate,
        m.vacant_estimate
    from measured as m
)

select
    cast(:census_date as date) as census_date,
    m.authority_code,
    a.authority_gss,
    coalesce(a.authority_name, m.authority_code) as authority_name,
    m.provision_type,
    m.source,
    m.covers,
    m.blank_reason,
    cast(m.own_placements as integer) as own_placements,
    cast(m.own_unregistered as integer) as own_unregistered,
    cast(m.own_placements_in_area as integer) as own_placements_in_area,
    cast(m.own_placements_elsewhere as integer) as own_placements_elsewhere,
    cast(m.places_registered as integer) as places_registered,
    cast(m.usable as integer) as usable,
    cast(m.vacant as integer) as vacant,
    m.coverage_places,
    cast(m.places_registered - m.own_placements as integer) as numerical_sufficiency,
    cast(m.usable - m.own_placements as integer) as usable_sufficiency,
    cast(m.vacant - m.own_placements_elsewhere as integer) as vacant_sufficiency,
    m.usable_estimate,
    m.vacant_estimate,
    m.usable_estimate - m.own_placements as usable_sufficiency_estimate,
    m.vacant_estimate - m.own_placements_elsewhere as vacant_sufficiency_estimate,
    u.share_of_places_used_by_host,
    r.offer_rate as offers_per_referral
from told as m
left join used as u
    on m.authority_code = u.authority_code
    and m.provision_type = u.provision_type
left join offered as r
    on m.authority_code = r.authority_code
    and m.provision_type = r.provision_type
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and m.authority_code = a.authority_code
