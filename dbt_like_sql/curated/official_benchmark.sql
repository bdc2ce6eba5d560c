-- The newest official figures of England, its regions and the region's authorities, as published (core.official_figure): of each measure the newest
-- period that had ended by the census date, from the newest release held by then. All areas of a measure are of one release.
-- neighbours_mean is the unweighted mean of an authority's ten statistical neighbours, as LAIT has it; neighbours_pooled is of their children taken
-- together (counted / counted of), for shares and rates; both of those neighbours whose figure is a number (neighbours_with_value). Rank 1 is the
-- highest figure among the authorities with a number, equal figures have equal ranks: high is not always good.
-- definition says whether ours (curated.benchmark) is defined the same. Units: children, places, households, percent, per 10,000, pounds.
-- grain: census_date, area_level, area_code, measure, breakdown, category, unit
-- readers: members
with publications as (
    select
        f.census_date,
        f.published_measure,
        f.data_set,
        f.figure_kind,
        f.period_end,
        f.release
    from core.official_figure as f
    where
        f.census_date <= cast(:census_date as date)
        and f.period_end <= cast(:census_date as date)
        and f.area_level in ('England', 'region', 'authority')
    group by
        f.census_date,
        f.published_measure,
        f.data_set,
        f.figure_kind,
        f.period_end,
        f.release
),

-- The newest of each measure is chosen among the publications, few rows, before any area's figure is read.
ranked as (
    select
        m.measure_key,
        m.measure,
        m.breakdown,
        m.category,
        m.unit,
        m.definition,
        m.definition_note,
        p.census_date,
        p.published_measure,
        p.data_set,
        p.figure_kind,
        p.period_end,
        p.release,
        rank() over (
            partition by m.measure_key
            order by p.period_end desc, p.release desc, p.census_date desc, m.data_set asc, m.published_measure asc
        ) as position
    from staging.official_measure as m
    inner join publications as p
        on m.published_measure = p.published_measure
        and m.data_set || m.figure_kind = p.data_set || p.figure_kind
),

held as (
    select
        r.measure_key,
        r.measure,
        r.breakdown,
        r.category,
        r.unit,
        r.definition,
        r.definition_note,
        f.published_by,
        f.data_set,
        f.release,
        f.period_end,
        f.area_level,
        f.area_code,
        f.area_name,
        f.official_value,
        f.official_symbol,
        f.counted,
        f.counted_of
    from ranked as r
    inner join core.official_figure as f
        on r.census_date = f.census_date
        and r.published_measure = f.published_measure
        and r.data_set = f.data_set
        and r.figure_kind = f.figure_kind
        and r.period_end = f.period_end
        and coalesce(r.release, '') = coalesce(f.release, '')
    where
        r.position = 1
        and f.area_level in ('England', 'region', 'authority')
),

own_region as materialized (
    select min(m.region_code) as region_code
    from staging.region_member as m
),

-- Ranks are among the authorities that have a number.
newest as (
    select
        h.measure_key,
        h.measure,
        h.breakdown,
        h.category,
        h.unit,
        h.definition,
        h.definition_note,
        h.published_by,
        h.data_set,
        h.release,
        h.period_end,
        h.area_level,
        h.area_code,
        h.area_name,
        h.official_value,
        h.official_symbol,
        h.counted,
        h.counted_of,
        m.authority_code as member_code,
        max(case when h.area_level = 'England' then h.official_value end) over (partition by h.measure_key) as england_value,
        max(case when h.area_code = w.region_code then h.official_value end) over (partition by h.measure_key) as region_value,
        h.area_level = 'authority' and h.official_value is not null as is_ranked,
        rank() over (
            partition by h.measure_key, h.area_level = 'authority' and h.official_value is not null
            order by h.official_value desc
        ) as rank_in_england,
        count(*) over (
            partition by h.measure_key, h.area_level = 'authority' and h.official_value is not null
        ) as ranked_in_england,
        rank() over (
            partition by h.measure_key, m.authority_code is not null and h.official_value is not null
            order by h.official_value desc
        ) as rank_in_region,
        count(*) over (
            partition by h.measure_key, m.authority_code is not null and h.official_value is not null
        ) as ranked_in_region
    from held as h
    cross join own_region as w
    left join staging.region_member as m
        on h.area_level = 'authority'
        and h.area_code = m.authority_code
),

of_neighbours as (
    select
        n.measure_key,
        s.authority_code,
        avg(n.official_value) as neighbours_mean,
        count(n.official_value) as neighbours_with_value,
        sum(n.counted) / nullif(sum(n.counted_of), 0)
        * case min(n.unit) when 'percent' then 100 when 'per 10,000' then 10000 end as neighbours_pooled
    from newest as n
    inner join staging.statistical_neighbours as s
        on n.area_code = s.neighbour_code
    where n.area_level = 'authority'
    group by
        n.measure_key,
        s.authority_code
)

select
    cast(:census_date as date) as census_date,
    n.area_level,
    n.area_code,
    n.area_name,
    n.measure,
    n.breakdown,
    n.category,
    n.unit,
    n.official_value,
    n.official_symbol,
    n.england_value,
    n.region_value,
    round(o.neighbours_mean, 1) as neighbours_mean,
    round(o.neighbours_pooled, 1) as neighbours_pooled,
    cast(o.neighbours_with_value as integer) as neighbours_with_value,
    cast(case when n.is_ranked and n.member_code is not null then n.rank_in_region end as integer) as rank_in_region,
    cast(case when n.is_ranked and n.member_code is not null then n.ranked_in_region end as integer) as ranked_in_region,
    cast(case when n.is_ranked then n.rank_in_england end as integer) as rank_in_england,
    cast(case when n.is_ranked then n.ranked_in_england end as integer) as ranked_in_england,
    n.definition,
    n.definition_note,
    n.published_by,
    n.data_set,
    n.release,
    n.period_end
from newest as n
left join of_neighbours as o
    on n.measure_key = o.measure_key
    and n.member_code = o.authority_code
where
    n.area_level in ('England', 'region')
    or n.member_code is not null
