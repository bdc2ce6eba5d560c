-- What the same child at the same setting costs now and cost a year before, by authority, kind of provision and owner group: placements that both
-- placement censuses have with a cost, by child key and URN (of a fostering placement, its agency's). Changes are shares of the fee a year before.
-- The region's figures beside them are of the other members' placements of the kind, in whole per cent, and are given only where there are enough of
-- them, of enough owner groups and authorities: with its own among them an authority could work out one of another's. Requests are those of the
-- authority's own log asked in the twelve months, by the setting's URN; fees asked and agreed are added up where one was agreed. The owner is the
-- register's group, else the name that the census gives.
-- grain: census_date, authority_code, provision_type, owner_group
with rules as (
    select
        max(m.placements_for_a_mean) as placements_for_a_mean,
        max(m.owner_groups_for_a_mean) as owner_groups_for_a_mean,
        max(m.others_for_a_comparison) as others_for_a_comparison
    from staging.region_member as m
),

owners as (
    select
        s.urn,
        min(g.owner_group) as owner_group,
        min(s.provision_type) as provision_type
    from core.setting as s
    left join core.owner_group as g
        on s.census_date = g.census_date
        and s.provider_name = g.provider_name
    where s.census_date = cast(:census_date as date)
    group by s.urn
),

placements as (
    select
        p.census_date,
        p.placing_authority_code as authority_code,
        p.child_key,
        coalesce(p.establishment_urn, p.provider_urn) as urn,
        p.provision_type,
        p.organisation,
        p.total_weekly_cost,
        row_number() over (
            partition by p.census_date, p.placing_authority_code, p.child_key, coalesce(p.establishment_urn, p.provider_urn)
            order by p.total_weekly_cost desc, p.sheet, p.row_number
        ) as position
    from core.placement as p
    where
        (
            p.census_date = cast(:census_date as date)
            or p.census_date = cast(cast(:census_date as date) + 1 - interval '1 year' - interval '1 day' as date)
        )
        and p.child_key is not null
        and p.total_weekly_cost > 0
        and coalesce(p.establishment_urn, p.provider_urn) is not null
),

pairs as (
    select
        n.authority_code,
        n.provision_type,
        coalesce(o.owner_group, n.organisation, 'Not known') as owner_group,
        n.total_weekly_cost / b.total_weekly_cost - 1 as fee_change
    from placements as n
    inner join placements as b
        on n.authority_code = b.authority_code
        and n.child_key = b.child_key
        and n.urn = b.urn
        and b.census_date < n.census_date
        and b.position = 1
    left join owners as o
        on n.urn = o.urn
    where
        n.census_date = cast(:census_date as date)
        and n.position = 1
),

of_group as (
    select
        p.authority_code,
        p.provision_type,
        p.owner_group,
        count(*) as placements,
        sum(case when p.fee_change > 0 then 1 else 0 end) as placements_raised,
        percentile_cont(0.5) within group (order by p.fee_change) as median_fee_change,
        percentile_cont(0.1) within group (order by p.fee_change) as lower_decile_fee_change,
        percentile_cont(0.9) within group (order by p.fee_change) as upper_decile_fee_change
    from pairs as p
    group by
        p.authority_code,
        p.provision_type,
        p.owner_group
),

kinds as (
    select distinct
        g.authority_code,
        g.provision_type
    from of_group as g
),

of_others as (
    select
        k.authority_code,
        k.provision_type,
        count(*) as placements,
        count(distinct p.authority_code) as authorities,
        count(distinct p.owner_group) as owner_groups,
        sum(case when p.fee_change > 0 then 1 else 0 end) as placements_raised,
        percentile_cont(0.5) within group (order by p.fee_change) as median_fee_change
    from kinds as k
    inner join pairs as p
        on k.provision_type = p.provision_type
        and k.authority_code <> p.authority_code
    group by
        k.authority_code,
        k.provision_type
),

requests as (
    select
        r.sender as authority_code,
        coalesce(o.provision_type, 'Other') as provision_type,
        coalesce(o.owner_group, 'Not known') as owner_group,
        count(*) as fee_requests,
        count(r.fee_agreed) as fee_requests_agreed,
        sum(case when r.fee_agreed is not null then r.fee_asked end) as fees_asked_total,
        sum(r.fee_agreed) as fees_agreed_total
    from staging.fee_requests as r
    left join owners as o
        on r.urn = o.urn
    where
        r.census_date = cast(:census_date as date)
        and r.asked_on > cast(:census_date as date) - interval '12 months'
        and r.asked_on <= cast(:census_date as date)
    group by
        r.sender,
        coalesce(o.provision_type, 'Other'),
        coalesce(o.owner_group, 'Not known')
)

select
    cast(:census_date as date) as census_date,
    coalesce(g.authority_code, q.authority_code) as authority_code,
    a.authority_gss,
    coalesce(a.authority_name, g.authority_code, q.authority_code) as authority_name,
    coalesce(g.provision_type, q.provision_type) as provision_type,
    coalesce(g.owner_group, q.owner_group) as owner_group,
    cast(coalesce(g.placements, 0) as integer) as placements,
    cast(g.placements_raised as integer) as placements_raised,
    round(cast(g.placements_raised as numeric) / nullif(g.placements, 0), 6) as share_raised,
    round(cast(g.median_fee_change as numeric), 6) as median_fee_change,
    round(cast(g.lower_decile_fee_change as numeric), 6) as lower_decile_fee_change,
    round(cast(g.upper_decile_fee_change as numeric), 6) as upper_decile_fee_change,
    case
        when
            r.placements >= u.placements_for_a_mean
            and r.owner_groups >= u.owner_groups_for_a_mean
            and r.authorities >= u.others_for_a_comparison
            then round(cast(r.placements_raised as numeric) / r.placements, 2)
    end as region_share_raised,
    case
        when
            r.placements >= u.placements_for_a_mean
            and r.owner_groups >= u.owner_groups_for_a_mean
            and r.authorities >= u.others_for_a_comparison
            then round(cast(r.median_fee_change as numeric), 2)
    end as region_median_fee_change,
    cast(q.fee_requests as integer) as fee_requests,
    cast(q.fee_requests_agreed as integer) as fee_requests_agreed,
    q.fees_asked_total,
    q.fees_agreed_total
from of_group as g
full join requests as q
    on g.authority_code = q.authority_code
    and g.provision_type = q.provision_type
    and g.owner_group = q.owner_group
cross join rules as u
left join of_others as r
    on coalesce(g.authority_code, q.authority_code) = r.authority_code
    and coalesce(g.provision_type, q.provision_type) = r.provision_type
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and coalesce(g.authority_code, q.authority_code) = a.authority_code
