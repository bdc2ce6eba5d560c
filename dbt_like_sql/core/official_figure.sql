-- Official figures in one long form: one row a release, period, area, measure and figure, as published, of the files that came for the census
-- date. published_measure is what the figure is of, in the publisher's words, the wider first (Age group / 1 to 4 years); figure_kind is count,
-- percent, rate, population or value. A figure is a number (official_value) or a symbol in its place (official_symbol: c, k, x, z ...); a symbol
-- never becomes a number. A release is named by the newest period in it. Each release of DfE's revises the years before, so that a
-- comparison names the release. Revenue outturn (ro3) and the section 251 figures of LAIT are two data sets and never one.
-- Periods of the years to 31 March end on it; those of other kinds of years have no end here. A share's or rate's counted and counted_of are the
-- published count that it is of and what that is counted of (the total of the same words, or the population), by which several areas are pooled.
-- grain: census_date, data_set, published_measure, figure_kind, time_period, area_level, area_code
-- readers: members
with rows_of_data as (
    select
        s.submission_id,
        s.sender,
        s.version,
        s.sheet,
        s.row_number,
        s.data_set,
        s.time_period,
        s.time_identifier,
        s.geographic_level,
        s.country_code,
        s.country_name,
        s.statistics_region_code,
        s.statistics_region_name,
        s.old_la_code,
        s.la_name,
        s.filter_1,
        s.filter_2,
        s.filter_3,
        s.filter_4,
        s.figure_count,
        s.figure_percent,
        s.figure_rate,
        s.figure_population,
        max(case when s.filter_2 in ('Total', 'Total children', 'Suitability total') then s.figure_count end) over (
            partition by
                s.submission_id,
                s.sheet,
                s.time_period,
                s.geographic_level,
                s.statistics_region_code,
                s.old_la_code,
                s.filter_1
        ) as total_count
    from staging.official_statistics as s
    where s.census_date = cast(:census_date as date)
),

open_data as (
    select
        s.submission_id,
        s.sender,
        s.version,
        s.sheet,
        s.row_number,
        s.data_set,
        s.time_period,
        case
            when s.time_identifier = 'Reporting year' and s.time_period similar to '[12][0-9]{3}'
                then cast(s.time_period || '-03-31' as date)
            when s.time_identifier = 'Financial year' and s.time_period similar to '[12][0-9]{5}'
                then cast(cast(cast(left(s.time_period, 4) as integer) + 1 as text) || '-03-31' as date)
        end as period_end,
        case s.geographic_level
            when 'National' then 'England'
            when 'Regional' then 'region'
            when 'Local authority' then 'authority'
            else s.geographic_level
        end as area_level,
        case s.geographic_level
            when 'National' then s.country_code
            when 'Regional' then s.statistics_region_code
            when 'Local authority' then s.old_la_code
        end as area_code,
        case s.geographic_level
            when 'National' then s.country_name
            when 'Regional' then s.statistics_region_name
            when 'Local authority' then s.la_name
        end as area_name,
        concat_ws(' / ', s.filter_1, s.filter_2, s.filter_3, s.filter_4) as published_measure,
        k.figure_kind,
        case k.figure_kind
            when 'count' then s.figure_count
            when 'percent' then s.figure_percent
            when 'rate' then s.figure_rate
            when 'population' then s.figure_population
        end as published,
        case when k.figure_kind in ('percent', 'rate') then s.figure_count end as counted,
        case k.figure_kind
            when 'percent' then s.total_count
            when 'rate' then s.figure_population
        end as counted_of
    from rows_of_data as s
    cross join (values ('count'), ('percent'), ('rate'), ('population')) as k (figure_kind)
),

interactive_tool as (
    select
        s.submission_id,
        s.sender,
        s.version,
        s.sheet,
        s.row_number,
        'lait' as data_set,
        s.lait_period as time_period,
        case
            when s.lait_period similar to '[12][0-9]{3}'
                then cast(s.lait_period || '-03-31' as date)
            when left(s.lait_period, 7) similar to '[12][0-9]{3}-[0-9]{2}'
                then cast(cast(cast(left(s.lait_period, 4) as integer) + 1 as text) || '-03-31' as date)
        end as period_end,
        case
            when left(s.statistics_area, 3) = 'E92' then 'England'
            when left(s.statistics_area, 3) = 'E12' then 'region'
            when s.la_number < '960' then 'authority'
            else 'other'
        end as area_level,
        case
            when left(s.statistics_area, 3) = 'E92' or left(s.statistics_area, 3) = 'E12' then s.statistics_area
            else s.la_number
        end as area_code,
        s.statistics_area as area_name,
        s.lait_measure as published_measure,
        'value' as figure_kind,
        s.figure_value as published
    from staging.lait_measures as s
    where s.census_date = cast(:census_date as date)
),

-- Files that do not say their year are of the year to the 31 March that came last before their folder's census date, or on it: of its own year.
year_of_files as (
    select cast(extract(year from cast(:census_date as date)) as integer) - 1 as began
),

outturn as (
    select
        s.submission_id,
        s.sender,
        s.version,
        s.sheet,
        s.row_number,
        'ro3' as data_set,
        s.statistics_area,
        s.statistics_area_name as area_name,
        k.published_measure,
        'thousand pounds' as figure_kind,
        case k.published_measure
            when 'Children looked after: expenditure' then s.looked_after_expenditure
            when 'Children looked after: net current expenditure' then s.looked_after_net
            when 'Residential care: expenditure' then s.residential_expenditure
            when 'Fostering services: expenditure' then s.fostering_expenditure
            when 'Unaccompanied asylum-seeking children: expenditure' then s.unaccompanied_expenditure
            when 'Other children looked after: expenditure' then s.other_looked_after_expenditure
        end as published
    from staging.revenue_outturn as s
    cross join (
        values
        ('Children looked after: expenditure'),
        ('Children looked after: net current expenditure'),
        ('Residential care: expenditure'),
        ('Fostering services: expenditure'),
        ('Unaccompanied asylum-seeking children: expenditure'),
        ('Other children looked after: expenditure')
    ) as k (published_measure)
    where s.census_date = cast(:census_date as date)
    union all
    select
        s.submission_id,
        s.sender,
        s.version,
        s.sheet,
        s.row_number,
        'ofsted_fostering' as data_set,
        s.statistics_area,
        s.statistics_area as area_name,
        concat_ws(' / ', s.fostering_topic, s.fostering_sub_topic, s.fostering_item) as published_measure,
        'count' as figure_kind,
        s.figure_value as published
    from staging.fostering_statistics as s
    where s.census_date = cast(:census_date as date)
),

all_figures as (
    select
        o.submission_id,
        o.sender,
        o.version,
        o.sheet,
        o.row_number,
        o.data_set,
        o.time_period,
        o.period_end,
        o.area_level,
        o.area_code,
        o.area_name,
        o.published_measure,
        o.figure_kind,
        o.published,
        o.counted,
        o.counted_of
    from open_data as o
    union all
    select
        i.submission_id,
        i.sender,
        i.version,
        i.sheet,
        i.row_number,
        i.data_set,
        i.time_period,
        i.period_end,
        i.area_level,
        i.area_code,
        i.area_name,
        i.published_measure,
        i.figure_kind,
        i.published,
        cast(null as text) as counted,
        cast(null as text) as counted_of
    from interactive_tool as i
    union all
    select
        o.submission_id,
        o.sender,
        o.version,
        o.sheet,
        o.row_number,
        o.data_set,
        cast(y.began as text) || '-' || right(cast(y.began + 1 as text), 2) as time_period,
        cast(cast(y.began + 1 as text) || '-03-31' as date) as period_end,
        case
            when left(o.statistics_area, 3) = 'E92' then 'England'
            when left(o.statistics_area, 3) = 'E12' then 'region'
            when o.statistics_area similar to '[0-9]{3}' then 'authority'
            else 'other'
        end as area_level,
        o.statistics_area as area_code,
        o.area_name,
        o.published_measure,
        o.figure_kind,
        o.published,
        cast(null as text) as counted,
        cast(null as text) as counted_of
    from outturn as o
    cross join year_of_files as y
),

newest as (
    select
        f.sender,
        f.data_set,
        f.time_period,
        f.period_end,
        f.area_level,
        coalesce(f.area_code, f.area_name, 'not given') as area_code,
        f.area_name,
        f.published_measure,
        f.figure_kind,
        f.published,
        f.counted,
        f.counted_of,
        max(f.time_period) over (partition by f.submission_id, f.data_set) as release,
        row_number() over (
            partition by
                f.data_set,
                f.published_measure,
                f.figure_kind,
                f.time_period,
                f.area_level,
                coalesce(f.area_code, f.area_name, 'not given')
            order by f.version desc, f.submission_id, f.sheet, f.row_number
        ) as position,
        f.version = max(f.version) over (partition by f.data_set) as is_newest
    from all_figures as f
    where f.published is not null
)

select
    cast(:census_date as date) as census_date,
    n.sender as published_by,
    n.data_set,
    n.release,
    n.time_period,
    n.period_end,
    n.area_level,
    n.area_code,
    n.area_name,
    n.published_measure,
    n.figure_kind,
    case
        when n.published similar to '-?[0-9]+(.[0-9]+)?' then cast(n.published as numeric)
    end as official_value,
    case
        when n.published not similar to '-?[0-9]+(.[0-9]+)?' then n.published
    end as official_symbol,
    case when n.counted similar to '[0-9]+' and n.counted_of similar to '[0-9]+' then cast(n.counted as numeric) end as counted,
    case when n.counted similar to '[0-9]+' and n.counted_of similar to '[0-9]+' then cast(n.counted_of as numeric) end as counted_of
from newest as n
where
    n.position = 1
    and n.is_newest
