-- What placements cost a week, by the placing authorities' placement census: fees of placements open on the census date, of each authority and,
-- for sub-regions and regions, of those of their authorities that returned (authorities_returned says how many).
-- Basis: all open; started in the year, those of them that began in the twelve months to the date.
-- A placement counts where a cost above 0 is given; the others (in-house ones have no fee) are placements_without_cost. Young people placed after
-- 18 are paid for too: they are in all figures, and post_18 says how many of the placements they are.
-- Deciles are interpolated. A contribution that is left blank is 0 where the ones given make up the total to the penny, else it is unknown, and the
-- placement is left out of that contribution's mean. Annual equivalent: mean x 365 / 7, if it lasted a full year (DfE's arithmetic).
-- Ratio: the mean to that of all returned placements of the region. The year before is the quarter twelve months earlier, by the authorities
-- that had returned then; blank where none had. Rank, of authorities' rows: 1 the dearest mean of the region's.
-- Owner groups and the largest one's share of the spend say whether other authorities may see an area's fees (they are confidential): the owner
-- is the register's for the placement's URN (core.owner_group), the authority itself for in-house ones; placements whose owner the register does
-- not tell count as one group. Of sub-regions and regions the year before is given only where it had 8 placements, 3 groups, and none above 0.75;
-- so is the ratio, which with an authority's own mean would tell the region's.
-- Not section 251 unit costs: those are outturn with overheads / 903 care days in K1, K2, R1, S1 x 7 (residential), or / placements at
-- 31 March / 365 x 7 (fostering). Never show the two in one chart without this note.
-- grain: census_date, area_level, area_code, provision_type, basis
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
        p.is_looked_after,
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

in_areas as (
    select
        p.period,
        a.area_level,
        a.area_code,
        a.area_gss,
        a.area_name,
        p.placing_authority_code,
        p.provision_type,
        p.is_looked_after,
        p.owner,
        p.started_in_year,
        p.cost,
        coalesce(p.contribution_social_care, case when p.contributions_make_the_total then 0 end) as social_care,
        coalesce(p.contribution_education, case when p.contributions_make_the_total then 0 end) as education,
        coalesce(p.contribution_health, case when p.contributions_make_the_total then 0 end) as health
    from placements as p
    inner join core.area as a
        on p.census_date = a.census_date
        and p.placing_authority_code = a.authority_code
),

returned as (
    select
        i.area_level,
        i.area_code,
        count(distinct i.placing_authority_code) as authorities_returned
    from in_areas as i
    where i.period = 'now'
    group by
        i.area_level,
        i.area_code
),

figures as (
    select
        i.period,
        i.area_level,
        i.area_code,
        min(i.area_gss) as area_gss,
        min(i.area_name) as area_name,
        i.provision_type,
        b.basis,
        count(i.cost) as placements,
        count(*) - count(i.cost) as placements_without_cost,
        sum(case when i.cost is not null and not i.is_looked_after then 1 else 0 end) as post_18,
        avg(i.cost) as mean,
        cast(percentile_cont(0.5) within group (order by i.cost) as numeric) as median,
        cast(percentile_cont(0.1) within group (order by i.cost) as numeric) as lower_decile,
        cast(percentile_cont(0.9) within group (order by i.cost) as numeric) as upper_decile,
        avg(case when i.cost is not null then i.social_care end) as social_care,
        avg(case when i.cost is not null then i.education end) as education,
        avg(case when i.cost is not null then i.health end) as health
    from in_areas as i
    cross join (values ('all open'), ('started in the year')) as b (basis)
    where
        b.basis = 'all open'
        or i.started_in_year
    group by
        i.period,
        i.area_level,
        i.area_code,
        i.provision_type,
        b.basis
),

spend_by_owner as (
    select
        i.period,
        i.area_level,
        i.area_code,
        i.provision_type,
        b.basis,
        i.owner,
        sum(i.cost) as spend
    from in_areas as i
    cross join (values ('all open'), ('started in the year')) as b (basis)
    where
        i.cost is not null
        and (b.basis = 'all open' or i.started_in_year)
    group by
        i.period,
        i.area_level,
        i.area_code,
        i.provision_type,
        b.basis,
        i.owner
),

groups as (
    select
        s.period,
        s.area_level,
        s.area_code,
        s.provision_type,
        s.basis,
        count(*) as owner_groups,
        max(s.spend) / sum(s.spend) as largest_group_share
    from spend_by_owner as s
    group by
        s.period,
        s.area_level,
        s.area_code,
        s.provision_type,
        s.basis
),

year_before as (
    select
        f.area_level,
        f.area_code,
        f.provision_type,
        f.basis,
        f.mean
    from figures as f
    inner join groups as g
        on f.period = g.period
        and f.area_level = g.area_level
        and f.area_code = g.area_code
        and f.provision_type = g.provision_type
        and f.basis = g.basis
    where
        f.period = 'year before'
        and (
            f.area_level = 'authority'
            or (f.placements >= 8 and g.owner_groups >= 3 and g.largest_group_share <= 0.75)
        )
),

regions as (
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
)

select
    cast(:census_date as date) as census_date,
    f.area_level,
    f.area_code,
    f.area_gss,
    f.area_name,
    f.provision_type,
    f.basis,
    cast(n.authorities_returned as integer) as authorities_returned,
    cast(f.placements as integer) as placements,
    cast(f.placements_without_cost as integer) as placements_without_cost,
    cast(f.post_18 as integer) as post_18,
    cast(coalesce(g.owner_groups, 0) as integer) as owner_groups,
    round(g.largest_group_share, 6) as largest_group_share,
    round(f.mean, 2) as mean_weekly_cost,
    round(f.median, 2) as median_weekly_cost,
    round(f.lower_decile, 2) as lower_decile_weekly_cost,
    round(f.upper_decile, 2) as upper_decile_weekly_cost,
    round(f.social_care, 2) as mean_social_care,
    round(f.education, 2) as mean_education,
    round(f.health, 2) as mean_health,
    round(f.mean * 365 / 7, 2) as annual_equivalent,
    case
        when f.area_level = 'region' or (w.placements >= 8 and h.owner_groups >= 3 and h.largest_group_share <= 0.75)
            then round(f.mean / nullif(w.mean, 0), 6)
    end as ratio_to_region,
    case
        when f.area_level = 'authority' and f.mean is not null and r.region_code is not null
            then cast(
                rank() over (partition by f.area_level, r.region_code, f.provision_type, f.basis order by f.mean desc nulls last) as integer
            )
    end as rank_in_region,
    round(b.mean, 2) as mean_weekly_cost_year_before,
    round(f.mean - b.mean, 2) as mean_weekly_cost_change,
    round((f.mean - b.mean) / nullif(b.mean, 0), 6) as mean_weekly_cost_change_share
from figures as f
inner join returned as n
    on f.area_level = n.area_level
    and f.area_code = n.area_code
left join regions as r
    on f.area_level = r.area_level
    and f.area_code = r.area_code
left join figures as w
    on w.period = 'now'
    and w.area_level = 'region'
    and r.region_code = w.area_code
    and f.provision_type = w.provision_type
    and f.basis = w.basis
left join groups as h
    on h.period = 'now'
    and h.area_level = 'region'
    and r.region_code = h.area_code
    and f.provision_type = h.provision_type
    and f.basis = h.basis
left join groups as g
    on g.period = 'now'
    and f.area_level = g.area_level
    and f.area_code = g.area_code
    and f.provision_type = g.provision_type
    and f.basis = g.basis
left join year_before as b
    on f.area_level = b.area_level
    and f.area_code = b.area_code
    and f.provision_type = b.provision_type
    and f.basis = b.basis
where f.period = 'now'
