-- What placements cost a week, by the placing authorities' placement census: fees of placements open on the census date, of each authority and,
-- for sub-regions and regions, of those of their authorities that returned (authorities_returned says how many).
-- Population: children looked after, and young people placed after 18, each apart: the latter come with the return's layout of December 2025.
-- Basis: all open; started in the year, those of them that began in the twelve months to the date.
-- A placement counts where a cost above 0 is given; the others (in-house ones have no fee) are placements_without_cost.
-- Deciles are interpolated. A contribution that is left blank is 0 where the ones given make up the total to the penny, else it is unknown, and the
-- placement is left out of that contribution's mean. Annual equivalent: mean x 365 / 7, if it lasted a full year (DfE's arithmetic).
-- Ratio: the mean to that of all returned placements of the region. Rank, of authorities' rows: 1 the dearest mean of the region's, among those that
-- may be shown, in whole tens of pounds: whoever changes its own fees cannot find out another's mean to the penny.
-- The year before is the quarter twelve months earlier. An area's is compared for the authorities in both quarters alone
-- (authorities_in_both): its change is the difference of their means, not of the means of whoever returned. Blank, and break_reason says
-- why, where the series is broken: no_return_year_before (nobody in both); a break of the population's or the type's series
-- (staging.series_break); too_few (below).
-- Owner groups and the largest one's share of the spend say whether other authorities may see an area's fees (they are confidential): the owner
-- is the register's for the placement's URN (core.owner_group), the authority itself for in-house ones; placements whose owner the register does
-- not tell count as one group. The money rule is the region's own ([disclosure] in its file): how many placements and owner groups, the largest
-- share. fees_may_be_shown says whether it holds, for an area also for all that a member can work out from it: the area less any one of its
-- authorities, for a sub-region the rest of its region, for those started in the year the ones that began earlier. What would be of one
-- authority alone is never shown.
-- Of sub-regions and regions the year before is given only where the rule held then and now in the same way, less each authority and around a
-- sub-region too, and for those that are in one of the quarters alone, if there are any: their mean would be what is left of the whole
-- (too_few). The ratio is given where the region's fees may be shown:
-- with an authority's own mean it would tell them.
-- Not section 251 unit costs: those are outturn with overheads / 903 care days in K1, K2, R1, S1 x 7 (residential), or / placements at
-- 31 March / 365 x 7 (fostering). Never show the two in one chart without this note.
-- grain: census_date, area_level, area_code, provision_type, population, basis
with dates as (
    select
        v.period,
        cast(cast(:census_date as date) - case when v.period = 'now' then interval '0 months' else interval '12 months' end as date) as census_date
    from (values ('now'), ('year before')) as v (period)
),

owners as (
    select
        s.census_date,
        s.urn,
        min(g.owner_group) as owner_group
    from core.setting as s
    inner join core.owner_group as g
        on s.census_date = g.census_date
        and s.provider_name = g.provider_name
    where s.census_date in (cast(:census_date as date), cast(cast(:census_date as date) - interval '12 months' as date))
    group by
        s.census_date,
        s.urn
),

placements as (
    select
        d.period,
        p.census_date,
        p.placing_authority_code,
        p.provision_type,
        case when p.is_looked_after then 'looked after' else 'post 18' end as population,
        case
            when p.arrangement = 'in-house' then 'authority ' || p.placing_authority_code
            else coalesce(o.owner_group, 'not known')
        end as owner,
        p.placement_start_date > p.census_date - interval '12 months' and p.placement_start_date <= p.census_date as started_in_year,
        nullif(p.total_weekly_cost, 0) as cost,
        p.contribution_social_care,
        p.contribution_education,
        p.contribution_health,
        abs(
            p.total_weekly_cost - coalesce(p.contribution_social_care, 0) - coalesce(p.contribution_education, 0)
            - coalesce(p.contribution_health, 0)
        ) <= 0.01 as contributions_make_the_total
    from core.placement as p
    inner join dates as d
        on p.census_date = d.census_date
    left join owners as o
        on p.census_date = o.census_date
        and case
            when p.provision_type = 'Independent fostering' then coalesce(p.provider_urn, p.establishment_urn)
            else coalesce(p.establishment_urn, p.provider_urn)
        end = o.urn
    where p.census_date in (cast(:census_date as date), cast(cast(:census_date as date) - interval '12 months' as date))
),

heard as (
    select
        p.placing_authority_code,
        count(distinct p.period) = 2 as is_in_both
    from placements as p
    group by p.placing_authority_code
),

-- One row a placement, area and basis: worked out once, for several steps read it.
in_areas as materialized (
    select
        p.period,
        a.area_level,
        a.area_code,
        a.area_gss,
        a.area_name,
        p.placing_authority_code,
        h.is_in_both,
        p.provision_type,
        p.population,
        b.basis,
        p.owner,
        p.cost,
        coalesce(p.contribution_social_care, case when p.contributions_make_the_total then 0 end) as social_care,
        coalesce(p.contribution_education, case when p.contributions_make_the_total then 0 end) as education,
        coalesce(p.contribution_health, case when p.contributions_make_the_total then 0 end) as health
    from placements as p
    inner join heard as h
        on p.placing_authority_code = h.placing_authority_code
    inner join core.area as a
        on p.census_date = a.census_date
        and p.placing_authority_code = a.authority_code
    cross join (values ('all open'), ('started in the year')) as b (basis)
    where
        b.basis = 'all open'
        or p.started_in_year
),

returned as (
    select
        i.area_level,
        i.area_code,
        count(distinct i.placing_authority_code) as authorities_returned,
        count(distinct case when i.is_in_both then i.placing_authority_code end) as authorities_in_both
    from in_areas as i
    where i.period = 'now'
    group by
        i.area_level,
        i.area_code
),

figures as (
    select
        i.area_level,
        i.area_code,
        min(i.area_gss) as area_gss,
        min(i.area_name) as area_name,
        i.provision_type,
        i.population,
        i.basis,
        count(i.cost) as placements,
        count(*) - count(i.cost) as placements_without_cost,
        avg(i.cost) as mean,
        cast(percentile_cont(0.5) within group (order by i.cost) as numeric) as median,
        cast(percentile_cont(0.1) within group (order by i.cost) as numeric) as lower_decile,
        cast(percentile_cont(0.9) within group (order by i.cost) as numeric) as upper_decile,
        avg(case when i.cost is not null then i.social_care end) as social_care,
        avg(case when i.cost is not null then i.education end) as education,
        avg(case when i.cost is not null then i.health end) as health
    from in_areas as i
    where i.period = 'now'
    group by
        i.area_level,
        i.area_code,
        i.provision_type,
        i.population,
        i.basis
),

money_rule as (
    select
        max(m.placements_for_a_mean) as placements,
        max(m.owner_groups_for_a_mean) as owner_groups,
        min(m.largest_share_of_spend) as largest_share
    from staging.region_member as m
),

-- What is told of a cell, part by part: the whole of it now; and where there are authorities in both quarters, what the change rests on: of then
-- and of now those that are in both, and the others, which are what is left of the whole.
in_parts as (
    select
        i.area_level,
        i.area_code,
        i.placing_authority_code,
        i.provision_type,
        i.population,
        i.basis,
        i.owner,
        i.cost,
        'whole' as part
    from in_areas as i
    where
        i.period = 'now'
        and i.cost is not null
    union all
    select
        i.area_level,
        i.area_code,
        i.placing_authority_code,
        i.provision_type,
        i.population,
        i.basis,
        i.owner,
        i.cost,
        concat_ws(', ', i.period, case when i.is_in_both then 'in both' else 'in one' end) as part
    from in_areas as i
    where
        i.cost is not null
        and i.area_level <> 'authority'
        and exists (select 1 as found from heard as h where h.is_in_both)
),

-- What is paid to whom by whom: of each part, and beside those that started in the year, of those that did not.
paid_in_parts as (
    select
        i.area_level,
        i.area_code,
        i.provision_type,
        i.population,
        i.basis,
        i.part,
        i.owner,
        i.placing_authority_code,
        count(*) as placements,
        sum(i.cost) as spend
    from in_parts as i
    group by
        i.area_level,
        i.area_code,
        i.provision_type,
        i.population,
        i.basis,
        i.part,
        i.owner,
        i.placing_authority_code
    union all
    select
        i.area_level,
        i.area_code,
        i.provision_type,
        i.population,
        'started in the year' as basis,
        concat_ws(', ', i.part, 'earlier') as part,
        i.owner,
        i.placing_authority_code,
        sum(case when i.basis = 'all open' then 1 else -1 end) as placements,
        sum(case when i.basis = 'all open' then i.cost else -i.cost end) as spend
    from in_parts as i
    where i.area_level <> 'authority'
    group by
        i.area_level,
        i.area_code,
        i.provision_type,
        i.population,
        i.part,
        i.owner,
        i.placing_authority_code
    having sum(case when i.basis = 'all open' then 1 else -1 end) > 0
),

-- A cell is one area, type, population, basis and part. It has a number, and is joined by that: joined by six names the planner takes the rows
-- for so few that it compares each with each.
paid as materialized (
    select
        dense_rank() over (order by p.provision_type, p.population, p.basis, p.part, p.area_level, p.area_code) as cell,
        dense_rank() over (order by p.provision_type, p.population, p.basis, p.part) as kind,
        p.area_level,
        p.area_code,
        p.provision_type,
        p.population,
        p.basis,
        p.part,
        p.owner,
        p.placing_authority_code,
        p.placements,
        p.spend
    from paid_in_parts as p
),

cells as materialized (
    select
        p.cell,
        p.kind,
        p.area_level,
        p.area_code,
        p.provision_type,
        p.population,
        p.basis,
        p.part,
        count(distinct p.placing_authority_code) as authorities
    from paid as p
    group by
        p.cell,
        p.kind,
        p.area_level,
        p.area_code,
        p.provision_type,
        p.population,
        p.basis,
        p.part
),

paid_to as materialized (
    select
        p.cell,
        p.owner,
        sum(p.placements) as placements,
        sum(p.spend) as spend
    from paid as p
    group by
        p.cell,
        p.owner
),

-- The owners of a cell, the one with most of the spend first, with what is paid to all of them.
owners_of_cells as materialized (
    select
        t.cell,
        t.owner,
        t.placements,
        t.spend,
        row_number() over (partition by t.cell order by t.spend desc, t.owner) as position,
        count(*) over (partition by t.cell) as owners,
        sum(t.placements) over (partition by t.cell) as placements_of_all,
        sum(t.spend) over (partition by t.cell) as spend_of_all
    from paid_to as t
),

-- The area less any one of its authorities. Of the owners that the authority pays the largest rest is looked at, of all the others the first alone:
-- it stands at the first position that the authority's own owners leave free.
left_of_owners as (
    select
        c.cell,
        c.authorities,
        p.placing_authority_code,
        p.placements,
        p.spend,
        t.placements - p.placements as placements_left,
        t.spend - p.spend as spend_left,
        t.owners,
        t.placements_of_all,
        t.spend_of_all,
        t.position,
        row_number() over (partition by p.cell, p.placing_authority_code order by t.position) as own_position
    from cells as c
    inner join paid as p
        on c.cell = p.cell
    inner join owners_of_cells as t
        on p.cell = t.cell
        and p.owner = t.owner
    where c.area_level <> 'authority'
),

left_of_areas as (
    select
        l.cell,
        max(l.authorities) - 1 as authorities,
        max(l.placements_of_all) - sum(l.placements) as placements,
        max(l.owners) - count(case when l.placements_left <= 0 then 1 end) as owner_groups,
        max(l.spend_of_all) - sum(l.spend) as spend,
        max(l.spend_left) as largest_spend_left,
        1 + count(case when l.position = l.own_position then 1 end) as first_position_free
    from left_of_owners as l
    group by
        l.cell,
        l.placing_authority_code
),

less_one as (
    select
        l.cell,
        l.authorities,
        l.placements,
        l.owner_groups,
        greatest(l.largest_spend_left, t.spend) / nullif(l.spend, 0) as largest_group_share
    from left_of_areas as l
    left join owners_of_cells as t
        on l.cell = t.cell
        and l.first_position_free = t.position
),

regions as materialized (
    select distinct
        a.area_level,
        a.area_code,
        r.area_code as region_code
    from core.area as a
    inner join core.area as r
        on a.census_date = r.census_date
        and a.authority_code = r.authority_code
        and r.area_level = 'region'
    where a.census_date = cast(:census_date as date)
),

-- The rest of the region around a sub-region; nothing where there is no other authority.
around as materialized (
    select
        c.cell,
        w.cell as region_cell,
        w.authorities - c.authorities as authorities
    from cells as c
    inner join regions as r
        on c.area_level = r.area_level
        and c.area_code = r.area_code
    inner join cells as w
        on c.kind = w.kind
        and r.region_code = w.area_code
        and c.authorities < w.authorities
    where
        c.area_level <> 'authority'
        and w.area_level <> c.area_level
),

rest_of_region as (
    select
        a.cell,
        max(a.authorities) as authorities,
        sum(t.placements - coalesce(o.placements, 0)) as placements,
        count(case when t.placements > coalesce(o.placements, 0) then 1 end) as owner_groups,
        max(t.spend - coalesce(o.spend, 0)) / nullif(sum(t.spend - coalesce(o.spend, 0)), 0) as largest_group_share
    from around as a
    inner join paid_to as t
        on a.region_cell = t.cell
    left join paid_to as o
        on a.cell = o.cell
        and t.owner = o.owner
    group by a.cell
),

told as (
    select
        t.cell,
        true as is_itself,
        2 as authorities,
        sum(t.placements) as placements,
        count(*) as owner_groups,
        max(t.spend) / sum(t.spend) as largest_group_share
    from paid_to as t
    group by t.cell
    union all
    select
        l.cell,
        false as is_itself,
        l.authorities,
        l.placements,
        l.owner_groups,
        l.largest_group_share
    from less_one as l
    union all
    select
        r.cell,
        false as is_itself,
        r.authorities,
        r.placements,
        r.owner_groups,
        r.largest_group_share
    from rest_of_region as r
),

judged_cells as (
    select
        o.cell,
        max(o.owner_groups) filter (where o.is_itself) as owner_groups,
        max(o.largest_group_share) filter (where o.is_itself) as largest_group_share,
        bool_and(
            o.authorities >= 2
            and o.placements >= m.placements
            and o.owner_groups >= m.owner_groups
            and o.largest_group_share <= m.largest_share
        ) as rule_holds
    from told as o
    cross join money_rule as m
    group by o.cell
),

-- Whether the rule holds for all that is told of a figure, and for all that its change rests on.
shown as materialized (
    select
        c.area_level,
        c.area_code,
        c.provision_type,
        c.population,
        c.basis,
        max(j.owner_groups) filter (where c.part = 'whole') as owner_groups,
        max(j.largest_group_share) filter (where c.part = 'whole') as largest_group_share,
        coalesce(bool_and(j.rule_holds) filter (where c.part in ('whole', 'whole, earlier')), false) as may_be_shown,
        coalesce(bool_and(j.rule_holds) filter (where c.part not in ('whole', 'whole, earlier')), true) as may_be_compared
    from cells as c
    inner join judged_cells as j
        on c.cell = j.cell
    group by
        c.area_level,
        c.area_code,
        c.provision_type,
        c.population,
        c.basis
),

-- The means of each quarter's placements whose authorities are in both.
compared as (
    select
        i.area_level,
        i.area_code,
        i.provision_type,
        i.population,
        i.basis,
        avg(i.cost) filter (where i.period = 'now') as mean,
        avg(i.cost) filter (where i.period = 'year before') as mean_year_before
    from in_areas as i
    where i.is_in_both
    group by
        i.area_level,
        i.area_code,
        i.provision_type,
        i.population,
        i.basis
),

-- The figures with the change of those in both quarters, and why there is none.
judged as materialized (
    select
        f.area_level,
        f.area_code,
        f.area_gss,
        f.area_name,
        r.region_code,
        f.provision_type,
        f.population,
        f.basis,
        n.authorities_returned,
        n.authorities_in_both,
        f.placements,
        f.placements_without_cost,
        u.owner_groups,
        u.largest_group_share,
        coalesce(u.may_be_shown, false) as may_be_shown,
        f.mean,
        f.median,
        f.lower_decile,
        f.upper_decile,
        f.social_care,
        f.education,
        f.health,
        c.mean as mean_in_both,
        c.mean_year_before,
        case
            when n.authorities_in_both = 0 then 'no_return_year_before'
            when bp.break_reason is not null then bp.break_reason
            when bt.break_reason is not null then bt.break_reason
            when c.mean_year_before is not null and f.area_level <> 'authority' and not coalesce(u.may_be_compared, false) then 'too_few'
        end as break_reason
    from figures as f
    inner join returned as n
        on f.area_level = n.area_level
        and f.area_code = n.area_code
    left join regions as r
        on f.area_level = r.area_level
        and f.area_code = r.area_code
    left join core.year_broken as bp
        on bp.census_date = cast(:census_date as date)
        and bp.series_by = 'population'
        and f.population = bp.series
    left join core.year_broken as bt
        on bt.census_date = cast(:census_date as date)
        and bt.series_by = 'provision_type'
        and f.provision_type = bt.series
    left join shown as u
        on f.area_level = u.area_level
        and f.area_code = u.area_code
        and f.provision_type = u.provision_type
        and f.population = u.population
        and f.basis = u.basis
    left join compared as c
        on f.area_level = c.area_level
        and f.area_code = c.area_code
        and f.provision_type = c.provision_type
        and f.population = c.population
        and f.basis = c.basis
)

select
    cast(:census_date as date) as census_date,
    f.area_level,
    f.area_code,
    f.area_gss,
    f.area_name,
    f.provision_type,
    f.population,
    f.basis,
    cast(f.authorities_returned as integer) as authorities_returned,
    cast(f.placements as integer) as placements,
    cast(f.placements_without_cost as integer) as placements_without_cost,
    cast(coalesce(f.owner_groups, 0) as integer) as owner_groups,
    round(f.largest_group_share, 6) as largest_group_share,
    f.may_be_shown as fees_may_be_shown,
    round(f.mean, 2) as mean_weekly_cost,
    round(f.median, 2) as median_weekly_cost,
    round(f.lower_decile, 2) as lower_decile_weekly_cost,
    round(f.upper_decile, 2) as upper_decile_weekly_cost,
    round(f.social_care, 2) as mean_social_care,
    round(f.education, 2) as mean_education,
    round(f.health, 2) as mean_health,
    round(f.mean * 365 / 7, 2) as annual_equivalent,
    case
        when f.area_level = 'region' or w.may_be_shown
            then round(f.mean / nullif(w.mean, 0), 6)
    end as ratio_to_region,
    case
        when f.area_level = 'authority' and f.may_be_shown and f.region_code is not null
            then cast(
                rank() over (
                    partition by f.area_level, f.region_code, f.provision_type, f.population, f.basis, f.may_be_shown
                    order by round(f.mean, -1) desc
                ) as integer
            )
    end as rank_in_region,
    cast(f.authorities_in_both as integer) as authorities_in_both,
    case when f.break_reason is null then round(f.mean_year_before, 2) end as mean_weekly_cost_year_before,
    case when f.break_reason is null then round(f.mean_in_both - f.mean_year_before, 2) end as mean_weekly_cost_change,
    case
        when f.break_reason is null then round((f.mean_in_both - f.mean_year_before) / nullif(f.mean_year_before, 0), 6)
    end as mean_weekly_cost_change_share,
    f.break_reason
from judged as f
left join judged as w
    on w.area_level = 'region'
    and f.region_code = w.area_code
    and f.provision_type = w.provision_type
    and f.population = w.population
    and f.basis = w.basis
