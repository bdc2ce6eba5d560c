-- What the region's authorities have with each owner group: one row a group and placing authority that has a placement with it. The group's homes,
-- places, grades, suspensions and places under notice are those in the region, by the register and the providers' returns, and the same
-- in each of its rows; children, spend and the share are the authority's own, of its placement census, by URN, or by the provider's name where
-- the register does not have the URN; fees_by_providers are the weekly fees that the providers' returns give for its children in the group's
-- settings. with_packages: placements whose cost includes additional packages. company_numbers are those that the
-- authority's own census gives: another's would tell that it places with the group.
-- owner_basis: a group known by name alone may be part of a larger one, and its figures are a lower bound.
-- places_not_replaced: places of the group lived in that vacant ones of other groups, of the same kind and within 20 miles, could not replace.
-- Distance is a straight line between the middles of the settings' postcode sectors; where one of the two is not known, the vacant place counts if it
-- stands in the same authority or one that borders it (replaced_by says which it was). Of each authority and kind the places lived in less the vacant
-- ones that any of them can reach, or, where that is more, those of each setting less the ones that it can reach; added up. It is a floor: one
-- vacant place may stand for several groups and authorities. It is a count of children, most of them others': blank below 8, else rounded to 5.
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
    inner join staging.provision_type as k
        on s.provision_type = k.provision_type
    where s.census_date = cast(:census_date as date)
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
        r.urn,
        o.owner_group,
        r.host_authority_code,
        r.provision_type,
        r.occupied_places as occupied,
        r.vacant_places as vacant,
        p.sector_easting,
        p.sector_northing
    from core.setting_return as r
    inner join owners as o
        on r.urn = o.urn
    inner join members as m
        on r.host_authority_code = m.authority_code
    left join core.setting_place as p
        on r.census_date = p.census_date
        and r.urn = p.urn
        and r.host_authority_code = p.host_authority_code
    where
        r.census_date = cast(:census_date as date)
        and o.owner_group is not null
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

-- Settings with places lived in or vacant, each with the square of 20 miles (of 1,609.3 metres) in which it stands, where that is known.
in_squares as (
    select
        r.urn,
        r.owner_group,
        r.host_authority_code,
        r.provision_type,
        r.occupied,
        r.vacant,
        r.sector_easting,
        r.sector_northing,
        r.sector_easting is not null as is_placed,
        cast(floor(r.sector_easting / (20 * 1609.3)) as integer) as square_east,
        cast(floor(r.sector_northing / (20 * 1609.3)) as integer) as square_north
    from returned as r
    where
        r.occupied > 0
        or r.vacant > 0
),

-- What stands within 20 miles stands in the same square or one that touches it: only these are compared, not each setting with each.
touching as (
    select
        e.step as east,
        n.step as north
    from (values (-1), (0), (1)) as e (step)
    cross join (values (-1), (0), (1)) as n (step)
),

-- Settings lived in with the vacant ones of other groups that they can reach.
near as (
    select
        r.urn,
        r.owner_group,
        r.host_authority_code,
        r.provision_type,
        v.urn as vacant_urn,
        v.host_authority_code as vacant_host_code,
        v.vacant
    from in_squares as r
    cross join touching as t
    inner join in_squares as v
        on r.provision_type = v.provision_type
        and r.square_east + t.east = v.square_east
        and r.square_north + t.north = v.square_north
    where
        r.occupied > 0
        and v.vacant > 0
        and r.owner_group <> v.owner_group
        and power(r.sector_easting - v.sector_easting, 2) + power(r.sector_northing - v.sector_northing, 2)
        <= power(20 * 1609.3, 2)
    union all
    select
        r.urn,
        r.owner_group,
        r.host_authority_code,
        r.provision_type,
        v.urn as vacant_urn,
        v.host_authority_code as vacant_host_code,
        v.vacant
    from in_squares as r
    inner join around as a
        on r.host_authority_code = a.authority_code
    inner join in_squares as v
        on a.near_code = v.host_authority_code
        and r.provision_type = v.provision_type
    where
        r.occupied > 0
        and v.vacant > 0
        and r.owner_group <> v.owner_group
        and not (r.is_placed and v.is_placed)
),

-- Of each group and kind, and of the groups together: how many settings are lived in and have vacant places, and of how many the place is known.
of_kinds as (
    select
        s.provision_type,
        s.owner_group,
        sum(case when s.occupied > 0 then 1 else 0 end) as lived_in,
        sum(case when s.occupied > 0 and s.is_placed then 1 else 0 end) as lived_in_placed,
        sum(sum(case when s.vacant > 0 then 1 else 0 end)) over kind - sum(case when s.vacant > 0 then 1 else 0 end) as vacant,
        sum(sum(case when s.vacant > 0 and s.is_placed then 1 else 0 end)) over kind
        - sum(case when s.vacant > 0 and s.is_placed then 1 else 0 end) as vacant_placed
    from in_squares as s
    group by
        s.provision_type,
        s.owner_group
    window kind as (partition by s.provision_type)
),

how as (
    select
        k.owner_group,
        case
            when bool_and(k.lived_in = k.lived_in_placed and k.vacant = k.vacant_placed) then 'Within 20 miles'
            when
                bool_or(k.lived_in_placed > 0 and k.vacant_placed > 0)
                then 'Within 20 miles; in neighbouring authorities where a place is not known'
            else 'In neighbouring authorities'
        end as replaced_by
    from of_kinds as k
    where
        k.lived_in > 0
        and k.vacant > 0
    group by k.owner_group
),

reachable as (
    select
        n.owner_group,
        n.host_authority_code,
        n.provision_type,
        sum(n.vacant) as vacant
    from (
        select distinct
            p.owner_group,
            p.host_authority_code,
            p.provision_type,
            p.vacant_urn,
            p.vacant_host_code,
            p.vacant
        from near as p
    ) as n
    group by
        n.owner_group,
        n.host_authority_code,
        n.provision_type
),

reachable_by_each as (
    select
        p.urn,
        p.host_authority_code,
        sum(p.vacant) as vacant
    from near as p
    group by
        p.urn,
        p.host_authority_code
),

lived_in as (
    select
        r.owner_group,
        r.host_authority_code,
        r.provision_type,
        sum(r.occupied) as occupied,
        sum(greatest(r.occupied - coalesce(e.vacant, 0), 0)) as left_by_each
    from returned as r
    left join reachable_by_each as e
        on r.urn = e.urn
        and r.host_authority_code = e.host_authority_code
    group by
        r.owner_group,
        r.host_authority_code,
        r.provision_type
),

not_replaced as (
    select
        i.owner_group,
        sum(greatest(i.occupied - coalesce(n.vacant, 0), i.left_by_each)) as places_not_replaced
    from lived_in as i
    left join reachable as n
        on i.owner_group = n.owner_group
        and i.host_authority_code = n.host_authority_code
        and i.provision_type = n.provision_type
    group by i.owner_group
),

-- only what has the form of a company number goes on: the cell is free text
numbers as (
    select
        c.placing_authority_code,
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
        c.placing_authority_code,
        string_agg(distinct c.company_number, ', ' order by c.company_number) as company_numbers
    from numbers as c
    inner join owners as o
        on c.urn = o.urn
    group by
        o.owner_group,
        c.placing_authority_code
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
    case when r.places_not_replaced >= 8 then cast(5 * round(r.places_not_replaced / 5.0) as integer) end as places_not_replaced,
    h.replaced_by,
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
left join how as h
    on p.owner_group = h.owner_group
left join companies as c
    on p.owner_group = c.owner_group
    and p.placing_authority_code = c.placing_authority_code
left join told_by_providers as f
    on p.owner_group = f.owner_group
    and p.placing_authority_code = f.placing_authority_code
left join packages as k
    on p.owner_group = k.owner_group
    and p.placing_authority_code = k.placing_authority_code
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and p.placing_authority_code = a.authority_code
