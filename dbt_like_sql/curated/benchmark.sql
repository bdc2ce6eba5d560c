-- Each authority's own figures beside the official ones of the same definition and period: DfE's of the authority, England, the region and the ten
-- statistical neighbours, with rank, release and date (curated.official_benchmark). own_value is ours of the official period's own date
-- (period_end), worked out from the returns of that quarter; own_value_now is ours of the census date, which may be of another date, and nothing is
-- subtracted from it. official_difference = own_value as DfE would print it less official_value: given only where the definition is the same and both
-- are numbers. Where the definition differs, definition_note says how. own_value is blank where no return of that date is held; the official figure
-- is hidden (c) or not there (x, z) where official_symbol says so.
-- grain: census_date, authority_code, measure, breakdown, category, unit
with counts as (
    select
        c.census_date,
        c.authority_code,
        'children looked after' as measure,
        c.breakdown,
        c.category,
        c.children,
        c.share,
        c.rate_per_10k
    from curated.children_looked_after as c
    where c.census_date <= cast(:census_date as date)
    union all
    select
        f.census_date,
        f.authority_code,
        case f.direction when 'started' then 'started to be looked after' else 'ceased to be looked after' end as measure,
        f.breakdown,
        f.category,
        f.children,
        f.share,
        f.rate_per_10k
    from curated.care_flows as f
    where f.census_date <= cast(:census_date as date)
    union all
    select
        n.census_date,
        n.authority_code,
        'placed outside the own area' as measure,
        'total' as breakdown,
        'Total' as category,
        n.own_outside as children,
        cast(n.own_outside as numeric) / nullif(n.own_inside + n.own_outside + n.own_unknown, 0) as share,
        cast(null as numeric) as rate_per_10k
    from curated.net_position as n
    where n.census_date <= cast(:census_date as date)
    union all
    select
        n.census_date,
        n.authority_code,
        'net gain of children' as measure,
        'total' as breakdown,
        'Total' as category,
        n.net_gain as children,
        cast(null as numeric) as share,
        cast(null as numeric) as rate_per_10k
    from curated.net_position as n
    where n.census_date <= cast(:census_date as date)
    union all
    select
        d.census_date,
        d.authority_code,
        k.measure,
        'total' as breakdown,
        'Total' as category,
        sum(
            case
                when d.distance_band <> 'more than 20 miles' then 0
                when k.measure = 'placed more than 20 miles from home' or d.locality = 'outside' then d.placements
                else 0
            end
        ) as children,
        cast(
            sum(
                case
                    when d.distance_band <> 'more than 20 miles' then 0
                    when k.measure = 'placed more than 20 miles from home' or d.locality = 'outside' then d.placements
                    else 0
                end
            ) as numeric
        ) / nullif(sum(d.placements), 0) as share,
        cast(null as numeric) as rate_per_10k
    from curated.placement_distance as d
    cross join (
        values
        ('placed more than 20 miles from home'),
        ('placed more than 20 miles from home and outside the own area')
    ) as k (measure)
    where d.census_date <= cast(:census_date as date)
    group by
        d.census_date,
        d.authority_code,
        k.measure
    union all
    select
        s.census_date,
        s.authority_code,
        'three or more placements in the year' as measure,
        'total' as breakdown,
        'Total' as category,
        s.three_or_more as children,
        s.three_or_more_share as share,
        cast(null as numeric) as rate_per_10k
    from curated.placement_stability as s
    where s.census_date <= cast(:census_date as date)
    union all
    select
        s.census_date,
        s.authority_code,
        'same carer for two years' as measure,
        'total' as breakdown,
        'Total' as category,
        s.same_carer_two_years as children,
        s.same_carer_two_years_share as share,
        cast(null as numeric) as rate_per_10k
    from curated.placement_stability as s
    where s.census_date <= cast(:census_date as date)
),

-- Keys of one text each: what the joins below go by.
keyed as (
    select
        concat_ws(' | ', c.census_date, c.authority_code, c.measure, c.breakdown, c.category) as count_key,
        concat_ws(' | ', c.census_date, c.authority_code, c.measure) as return_key,
        c.breakdown,
        c.children,
        c.share,
        c.rate_per_10k
    from counts as c
),

-- A total says that the authority's return tells of the measure: a category that has no row in it has no child.
told as (
    select k.return_key
    from keyed as k
    where
        k.breakdown = 'total'
        and k.children is not null
),

official as (
    select
        o.area_code as authority_code,
        o.measure,
        o.breakdown,
        o.category,
        o.unit,
        o.official_value,
        o.official_symbol,
        o.england_value,
        o.region_value,
        o.neighbours_mean,
        o.neighbours_pooled,
        o.neighbours_with_value,
        o.rank_in_region,
        o.ranked_in_region,
        o.rank_in_england,
        o.ranked_in_england,
        o.definition,
        o.definition_note,
        o.published_by,
        o.release,
        o.period_end,
        concat_ws(' | ', o.period_end, o.area_code, o.measure, o.breakdown, o.category) as count_key,
        concat_ws(' | ', o.period_end, o.area_code, o.measure) as return_key,
        concat_ws(' | ', o.census_date, o.area_code, o.measure, o.breakdown, o.category) as count_key_now,
        concat_ws(' | ', o.census_date, o.area_code, o.measure) as return_key_now
    from curated.official_benchmark as o
    where
        o.census_date = cast(:census_date as date)
        and o.area_level = 'authority'
),

beside as (
    select
        o.authority_code,
        o.measure,
        o.breakdown,
        o.category,
        o.unit,
        o.official_value,
        o.official_symbol,
        o.england_value,
        o.region_value,
        o.neighbours_mean,
        o.neighbours_pooled,
        o.neighbours_with_value,
        o.rank_in_region,
        o.ranked_in_region,
        o.rank_in_england,
        o.ranked_in_england,
        o.definition,
        o.definition_note,
        o.published_by,
        o.release,
        o.period_end,
        case
            when t.return_key is null then null
            when o.unit = 'children' then coalesce(c.children, 0)
            when o.unit = 'percent' then round(100 * coalesce(c.share, 0), 1)
            when o.unit = 'per 10,000' then c.rate_per_10k
        end as own_value,
        case
            when tn.return_key is null then null
            when o.unit = 'children' then coalesce(cn.children, 0)
            when o.unit = 'percent' then round(100 * coalesce(cn.share, 0), 1)
            when o.unit = 'per 10,000' then cn.rate_per_10k
        end as own_value_now
    from official as o
    left join told as t
        on o.return_key = t.return_key
    left join keyed as c
        on o.count_key = c.count_key
    left join told as tn
        on o.return_key_now = tn.return_key
    left join keyed as cn
        on o.count_key_now = cn.count_key
)

select
    cast(:census_date as date) as census_date,
    b.authority_code,
    a.authority_gss,
    coalesce(a.authority_name, b.authority_code) as authority_name,
    b.measure,
    b.breakdown,
    b.category,
    b.unit,
    cast(b.own_value as numeric) as own_value,
    cast(b.own_value_now as numeric) as own_value_now,
    b.official_value,
    b.official_symbol,
    cast(case when b.definition = 'same' then round(b.own_value, 0) - b.official_value end as numeric) as official_difference,
    b.england_value,
    b.region_value,
    b.neighbours_mean,
    b.neighbours_pooled,
    b.neighbours_with_value,
    b.rank_in_region,
    b.ranked_in_region,
    b.rank_in_england,
    b.ranked_in_england,
    b.definition,
    b.definition_note,
    b.published_by,
    b.release,
    b.period_end
from beside as b
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and b.authority_code = a.authority_code
