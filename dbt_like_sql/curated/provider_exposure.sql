-- What the region's authorities have with each owner group: one row a group and placing authority that has a placement with it. The group's homes,
-- places, grades, suspensions and places under notice are those that stand in the region, by the register and the providers' returns, and the same
-- in each of its rows; children, spend and the share are the authority's own, of its placement census, by URN, or by the provider's name where
-- the register does not have the URN; fees_by_providers are the weekly fees that the providers' returns give for its children in the group's
-- settings. with_packages: placements whose cost includes additional packages. company_numbers are those that the region's placement
-- censuses give. owner_basis: a group told by name alone may be part of a larger one, and its figures are a floor.
-- places_not_replaced: places of the group lived in, less the vacant ones of other groups of the same kind in the same authority and those that
-- border it, added up over authorities and kinds, never below 0. The register gives no home's position: neighbouring authorities stand for
-- 20 miles, and one vacant place may stand for several groups.
-- grain: census_date, owner_group, placing_authority_code
with members as (
    select m.authority_code
    from staging.region_member as m
),

settings as (
    select
        s.urn,
        s.host_authority_code,
        s.provision_type,
        coalesce(g.owner_group, s.provider_name) as owner_group,
        coalesce(g.grouped_by in ('ultimate owner', 'decision'), false) as is_told,
        s.places,
        s.grade,
        s.registration_status
    from core.setting as s
    left join core.owner_group as g
        on s.census_date = g.census_date
        and s.provider_name = g.provider_name
    where
        s.census_date = cast(:census_date as date)
        and s.provision_type <> 'Other'
),

owners as (
    select
        s.urn,
        min(s.owner_group) as owner_group
    from settings as s
    group by s.urn
),

of_group as (
    select
        s.owner_group,
        count(*) as homes,
        sum(s.places) as places,
        bool_or(s.is_told) as is_told,
        sum(
            case
                when s.grade in (
                    'Requires improvement to be good', 'Adequate', 'Satisfactory', 'Inadequate',
                    'Inconsistent quality of service delivery', 'Serious or widespread weaknesses'
                ) then 1
                else 0
            end
        ) as homes_below_good,
        sum(case when position('suspended' in lower(s.registration_status)) = 1 then 1 else 0 end) as homes_suspended
    from settings as s
    inner join members as m
        on s.host_authority_code = m.authority_code
    where s.owner_group is not null
    group by s.owner_group
),

under_notice as (
    select
        o.owner_group,
        count(*) as under_notice
    from core.setting_child as c
    inner join owners as o
        on c.urn = o.urn
    where
        c.census_date = cast(:census_date as date)
        and c.notice_given
    group by o.owner_group
),

returned as (
    select
        o.owner_group,
        r.host_authority_code,
        r.provision_type,
        sum(r.occupied_places) as occupied,
        sum(r.vacant_places) as vacant
    from core.setting_return as r
    inner join owners as o
        on r.urn = o.urn
    inner join members as m
        on r.host_authority_code = m.authority_code
    where
        r.census_date = cast(:census_date as date)
        and o.owner_group is not null
    group by
        o.owner_group,
        r.host_authority_code,
        r.provision_type
),

around as (
    select
        m.authority_code,
        m.authority_code as near_code
    from members as m
    union all
    select
        n.authority_code,
        n.neighbour_code as near_code
    from staging.authority_neighbour as n
),

vacant_near as (
    select
        a.authority_code as host_authority_code,
        r.provision_type,
        sum(r.vacant) as vacant
    from around as a
    inner join returned as r
        on a.near_code = r.host_authority_code
    group by
        a.authority_code,
        r.provision_type
),

own_near as (
    select
        a.authority_code as host_authority_code,
        r.provision_type,
        r.owner_group,
        sum(r.vacant) as vacant
    from around as a
    inner join returned as r
        on a.near_code = r.host_authority_code
    group by
        a.authority_code,
        r.provision_type,
        r.owner_group
),

not_replaced as (
    select
        r.owner_group,
        sum(greatest(r.occupied - (v.vacant - coalesce(w.vacant, 0)), 0)) as places_not_replaced
    from returned as r
    inner join vacant_near as v
        on r.host_authority_code = v.host_authority_code
        and r.provision_type = v.provision_type
    left join own_near as w
        on r.host_authority_code = w.host_authority_code
        and r.provision_type = w.provision_type
        and r.owner_group = w.owner_group
    group by r.owner_group
),

-- what one authority writes here others read: only what has the form of a company number goes on
numbers as (
    select
        coalesce(c.establishment_urn, c.provider_urn) as urn,
        upper(replace(c.company_number, ' ', '')) as company_number
    from staging.placement_census as c
    where
        c.census_date = cast(:census_date as date)
        and upper(replace(c.company_number, ' ', '')) similar to '([0-9]{8}|[A-Z]{2}[0-9]{6})'
),

companies as (
    select
        o.owner_group,
        string_agg(distinct c.company_number, ', ' order by c.company_number) as company_numbers
    from numbers as c
    inner join owners as o
        on c.urn = o.urn
    group by o.owner_group
),

told_by_providers as (
    select
        c.placing_authority_code,
        o.owner_group,
        sum(c.weekly_fee) as fees_by_providers
    from core.setting_child as c
    inner join owners as o
        on c.urn = o.urn
    where c.census_date = cast(:census_date as date)
    group by
        c.placing_authority_code,
        o.owner_group
),

packages as (
    select
        c.placing_authority_code,
        coalesce(o.owner_group, q.owner_group, c.organisation, 'Not known') as owner_group,
        sum(case when c.additional_packages then 1 else 0 end) as with_packages
    from staging.placement_census as c
    left join owners as o
        on coalesce(c.establishment_urn, c.provider_urn) = o.urn
    left join core.owner_group as q
        on q.census_date = cast(:census_date as date)
        and c.organisation = q.provider_name
    where
        c.census_date = cast(:census_date as date)
        and c.additional_packages is not null
    group by
        c.placing_authority_code,
        coalesce(o.owner_group, q.owner_group, c.organisation, 'Not known')
),

placed as (
    select
        p.placing_authority_code,
        coalesce(o.owner_group, q.owner_group, p.organisation, 'Not known') as owner_group,
        count(*) as placements,
        sum(p.total_weekly_cost) as weekly_spend,
        sum(count(*)) over (partition by p.placing_authority_code) as placements_of_authority
    from core.placement as p
    left join owners as o
        on coalesce(p.establishment_urn, p.provider_urn) = o.urn
    left join core.owner_group as q
        on q.census_date = cast(:census_date as date)
        and p.organisation = q.provider_name
    where
        p.census_date = cast(:census_date as date)
        and p.arrangement <> 'in-house'
    group by
        p.placing_authority_code,
        coalesce(o.owner_group, q.owner_group, p.organisation, 'Not known')
)

select
    cast(:census_date as date) as census_date,
    p.owner_group,
    p.placing_authority_code,
    a.authority_gss as placing_authority_gss,
    coalesce(a.authority_name, p.placing_authority_code) as placing_authority_name,
    case
        when g.is_told then 'by ultimate owner'
        when g.owner_group is not null then 'by name: a floor'
    end as owner_basis,
    c.company_numbers,
    cast(coalesce(g.homes, 0) as integer) as homes,
    cast(g.places as integer) as places,
    cast(coalesce(g.homes_below_good, 0) as integer) as homes_below_good,
    cast(coalesce(g.homes_suspended, 0) as integer) as homes_suspended,
    cast(coalesce(n.under_notice, 0) as integer) as under_notice,
    cast(r.places_not_replaced as integer) as places_not_replaced,
    cast(p.placements as integer) as placements,
    round(cast(p.placements as numeric) / nullif(p.placements_of_authority, 0), 6) as share_of_authority,
    cast(k.with_packages as integer) as with_packages,
    p.weekly_spend,
    f.fees_by_providers
from placed as p
left join of_group as g
    on p.owner_group = g.owner_group
left join under_notice as n
    on p.owner_group = n.owner_group
left join not_replaced as r
    on p.owner_group = r.owner_group
left join companies as c
    on p.owner_group = c.owner_group
left join told_by_providers as f
    on p.owner_group = f.owner_group
    and p.placing_authority_code = f.placing_authority_code
left join packages as k
    on p.owner_group = k.owner_group
    and p.placing_authority_code = k.placing_authority_code
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and p.placing_authority_code = a.authority_code
