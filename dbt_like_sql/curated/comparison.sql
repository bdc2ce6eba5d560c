-- Every headline figure of an authority (curated.headline_figure) beside its sub-region's, its region's and its statistical neighbours', with its
-- rank in the region and its change on a year before.
-- An area's figure is of all its authorities that returned, taken together: the sum of what is counted / the sum of what it is counted of, the
-- authority itself included (not among its neighbours). sub_region_authorities, region_authorities and neighbours_held say how many returned,
-- whatever the type: how many have somebody in a type would tell which do.
-- Others' counts are given as they are published, unless every member may know them anyway (open): the others' sum is rounded to the nearest five,
-- and nothing is worked out of one that is small (the region's file has both numbers). The authority's own figure is exact.
-- A figure of fewer than three others (the region's file says how many) would be theirs: it is blank. So is one that would leave fewer than three
-- between it and another figure of the row: the sub-region's beside the region's, the neighbours' beside both.
-- Rank 1 is the highest figure of the region, equal figures have equal ranks: high is not always good. It is among the figures whose counts are
-- shown by the rule, each rounded, and that cover the same; whoever has a smaller count has no rank. A year before is the quarter twelve months
-- earlier; blank where it is not held (break_reason no_return_year_before) and where the series is broken between: source (own placements of
-- all children then and of commissioned ones now, or the reverse), or a break of the coverage's or the type's series (staging.series_break).
-- Sub-regions are the observatory's own region's.
-- Values: shares to 6 decimals, the others to 2.
-- grain: census_date, authority_code, measure, provision_type
with rule as (
    select
        max(m.others_for_a_comparison) as others,
        max(m.smallest_count_shown) as smallest,
        cast(max(m.round_to) as numeric) as round_to
    from staging.region_member as m
),

figures as (
    select
        f.authority_code,
        f.measure,
        f.provision_type,
        f.unit,
        f.covers,
        f.numerator,
        f.denominator,
        f.numerator_is_open,
        f.denominator_is_open,
        f.numerator / f.denominator as figure,
        case
            when f.numerator_is_open then f.numerator
            when f.numerator = 0 or f.numerator >= u.smallest then round(f.numerator / u.round_to) * u.round_to
        end as numerator_shown,
        case
            when f.denominator_is_open then f.denominator
            when f.denominator >= u.smallest then round(f.denominator / u.round_to) * u.round_to
        end as denominator_shown
    from curated.headline_figure as f
    cross join rule as u
    where f.census_date = cast(:census_date as date)
),

year_before as (
    select
        f.authority_code,
        f.measure,
        f.provision_type,
        f.covers,
        f.numerator / f.denominator as figure
    from curated.headline_figure as f
    where f.census_date = cast(cast(:census_date as date) - interval '12 months' as date)
),

areas as (
    select
        a.area_level,
        a.area_code,
        a.authority_code
    from core.area as a
    where
        a.census_date = cast(:census_date as date)
        and a.area_level in ('sub-region', 'region')
),

of_areas as (
    select
        a.area_level,
        a.area_code,
        f.measure,
        f.provision_type,
        sum(f.numerator) as numerator,
        sum(f.denominator) as denominator,
        count(*) as authorities
    from figures as f
    inner join areas as a
        on f.authority_code = a.authority_code
    group by
        a.area_level,
        a.area_code,
        f.measure,
        f.provision_type
),

returned as (
    select
        a.area_level,
        a.area_code,
        f.measure,
        count(distinct f.authority_code) as authorities
    from figures as f
    inner join areas as a
        on f.authority_code = a.authority_code
    group by
        a.area_level,
        a.area_code,
        f.measure
),

neighbours_returned as (
    select
        n.authority_code,
        f.measure,
        count(distinct f.authority_code) as authorities
    from figures as f
    inner join staging.statistical_neighbours as n
        on f.authority_code = n.neighbour_code
    group by
        n.authority_code,
        f.measure
),

of_neighbours as (
    select
        n.authority_code,
        f.measure,
        f.provision_type,
        sum(f.numerator) as numerator,
        sum(f.denominator) as denominator,
        count(*) as authorities,
        count(s.area_code) as in_sub_region,
        count(r.area_code) as in_region
    from figures as f
    inner join staging.statistical_neighbours as n
        on f.authority_code = n.neighbour_code
    left join areas as os
        on n.authority_code = os.authority_code
        and os.area_level = 'sub-region'
    left join areas as s
        on f.authority_code = s.authority_code
        and s.area_level = 'sub-region'
        and os.area_code = s.area_code
    left join areas as o
        on n.authority_code = o.authority_code
        and o.area_level = 'region'
    left join areas as r
        on f.authority_code = r.authority_code
        and r.area_level = 'region'
        and o.area_code = r.area_code
    group by
        n.authority_code,
        f.measure,
        f.provision_type
),

ranks as (
    select
        f.authority_code,
        f.measure,
        f.provision_type,
        rank() over (
            partition by r.area_code, f.measure, f.provision_type, f.covers
            order by f.numerator_shown / f.denominator_shown desc
        ) as rank_in_region
    from figures as f
    inner join areas as r
        on f.authority_code = r.authority_code
        and r.area_level = 'region'
    where f.numerator_shown / f.denominator_shown is not null
),

placed as (
    select
        f.authority_code,
        f.measure,
        f.provision_type,
        f.unit,
        f.covers,
        f.numerator,
        f.denominator,
        f.numerator_is_open,
        f.denominator_is_open,
        f.figure,
        s.area_code as sub_region_code,
        r.area_code as region_code,
        k.rank_in_region,
        b.figure as figure_year_before,
        case
            when b.authority_code is null then 'no_return_year_before'
            when b.covers is distinct from f.covers then 'source'
            else coalesce(bc.break_reason, bt.break_reason)
        end as break_reason
    from figures as f
    left join areas as s
        on f.authority_code = s.authority_code
        and s.area_level = 'sub-region'
    left join areas as r
        on f.authority_code = r.authority_code
        and r.area_level = 'region'
    left join ranks as k
        on f.authority_code = k.authority_code
        and f.measure = k.measure
        and f.provision_type = k.provision_type
    left join year_before as b
        on f.authority_code = b.authority_code
        and f.measure = b.measure
        and f.provision_type = b.provision_type
    left join core.year_broken as bc
        on bc.census_date = cast(:census_date as date)
        and bc.series_by = 'covers'
        and f.covers = bc.series
    left join core.year_broken as bt
        on bt.census_date = cast(:census_date as date)
        and bt.series_by = 'provision_type'
        and f.provision_type = bt.series
),

-- The others in each area (the authority itself left out), and how many of the neighbours are among them.
beside as (
    select
        f.authority_code,
        f.measure,
        f.provision_type,
        coalesce(s.authorities, 1) - 1 as others_in_sub_region,
        coalesce(r.authorities, 1) - 1 as others_in_region,
        coalesce(r.authorities, 0) - coalesce(s.authorities, 0) as others_around,
        coalesce(n.authorities, 0) as neighbours,
        coalesce(n.in_sub_region, 0) as neighbours_in_sub_region,
        coalesce(n.in_region, 0) as neighbours_in_region,
        hs.authorities as sub_region_authorities,
        hr.authorities as region_authorities,
        coalesce(hn.authorities, 0) as neighbours_held,
        s.numerator - f.numerator as sub_region_numerator,
        s.denominator - f.denominator as sub_region_denominator,
        r.numerator - f.numerator as region_numerator,
        r.denominator - f.denominator as region_denominator,
        n.numerator as neighbours_numerator,
        n.denominator as neighbours_denominator,
        u.others as fewest
    from placed as f
    cross join rule as u
    left join of_areas as s
        on s.area_level = 'sub-region'
        and f.sub_region_code = s.area_code
        and f.measure = s.measure
        and f.provision_type = s.provision_type
    left join of_areas as r
        on r.area_level = 'region'
        and f.region_code = r.area_code
        and f.measure = r.measure
        and f.provision_type = r.provision_type
    left join of_neighbours as n
        on f.authority_code = n.authority_code
        and f.measure = n.measure
        and f.provision_type = n.provision_type
    left join returned as hs
        on hs.area_level = 'sub-region'
        and f.sub_region_code = hs.area_code
        and f.measure = hs.measure
    left join returned as hr
        on hr.area_level = 'region'
        and f.region_code = hr.area_code
        and f.measure = hr.measure
    left join neighbours_returned as hn
        on f.authority_code = hn.authority_code
        and f.measure = hn.measure
),

-- What others' figures are told: of enough of them, and with enough, or nobody, left between one and another.
others as (
    select
        b.authority_code,
        b.measure,
        b.provision_type,
        'sub-region' as beside,
        b.sub_region_numerator as numerator,
        b.sub_region_denominator as denominator
    from beside as b
    where
        b.others_in_sub_region >= b.fewest
        and (b.others_around <= 0 or b.others_around >= b.fewest)
    union all
    select
        b.authority_code,
        b.measure,
        b.provision_type,
        'region' as beside,
        b.region_numerator as numerator,
        b.region_denominator as denominator
    from beside as b
    where b.others_in_region >= b.fewest
    union all
    select
        b.authority_code,
        b.measure,
        b.provision_type,
        'neighbours' as beside,
        b.neighbours_numerator as numerator,
        b.neighbours_denominator as denominator
    from beside as b
    where
        b.neighbours >= b.fewest
        and not (
            b.neighbours_in_sub_region = b.neighbours
            and b.others_in_sub_region - b.neighbours between 1 and b.fewest - 1
        )
        and not (
            b.neighbours_in_sub_region = b.others_in_sub_region
            and b.others_in_sub_region > 0
            and b.neighbours - b.others_in_sub_region between 1 and b.fewest - 1
        )
        and not (
            b.neighbours_in_region = b.neighbours
            and b.others_in_region - b.neighbours between 1 and b.fewest - 1
        )
        and not (
            b.neighbours_in_region = b.others_in_region
            and b.others_in_region > 0
            and b.neighbours - b.others_in_region between 1 and b.fewest - 1
        )
        and not (
            b.neighbours_in_sub_region = 0
            and b.neighbours_in_region = b.neighbours
            and b.others_around - b.neighbours between 1 and b.fewest - 1
        )
        and not (
            b.neighbours_in_region - b.neighbours_in_sub_region = b.others_around
            and b.others_around > 0
            and b.neighbours - b.others_around between 1 and b.fewest - 1
        )
),

-- The others' counts as they may be told, with the authority's own (which is not among its neighbours).
told as (
    select
        f.authority_code,
        f.measure,
        f.provision_type,
        o.beside,
        case when o.beside = 'neighbours' then 0 else f.numerator end
        + case
            when f.numerator_is_open then o.numerator
            when o.numerator = 0 or o.numerator >= u.smallest then round(o.numerator / u.round_to) * u.round_to
        end as numerator,
        case when o.beside = 'neighbours' then 0 else f.denominator end
        + case
            when f.denominator_is_open then o.denominator
            when o.denominator >= u.smallest then round(o.denominator / u.round_to) * u.round_to
        end as denominator
    from others as o
    inner join placed as f
        on o.authority_code = f.authority_code
        and o.measure = f.measure
        and o.provision_type = f.provision_type
    cross join rule as u
),

areas_told as (
    select
        t.authority_code,
        t.measure,
        t.provision_type,
        max(case when t.beside = 'sub-region' then t.numerator / t.denominator end) as sub_region_figure,
        max(case when t.beside = 'region' then t.numerator / t.denominator end) as region_figure,
        max(case when t.beside = 'neighbours' then t.numerator / t.denominator end) as neighbours_figure
    from told as t
    group by
        t.authority_code,
        t.measure,
        t.provision_type
)

select
    cast(:census_date as date) as census_date,
    f.authority_code,
    a.authority_gss,
    coalesce(a.authority_name, f.authority_code) as authority_name,
    f.measure,
    f.provision_type,
    f.unit,
    case when f.unit = 'share' then round(f.figure, 6) else round(f.figure, 2) end as figure,
    case when f.unit = 'share' then round(t.sub_region_figure, 6) else round(t.sub_region_figure, 2) end as sub_region_figure,
    cast(b.sub_region_authorities as integer) as sub_region_authorities,
    case when f.unit = 'share' then round(t.region_figure, 6) else round(t.region_figure, 2) end as region_figure,
    cast(b.region_authorities as integer) as region_authorities,
    case when f.unit = 'share' then round(t.neighbours_figure, 6) else round(t.neighbours_figure, 2) end as neighbours_figure,
    cast(b.neighbours_held as integer) as neighbours_held,
    cast(f.rank_in_region as integer) as rank_in_region,
    case
        when f.break_reason is null and f.unit = 'share' then round(f.figure_year_before, 6)
        when f.break_reason is null then round(f.figure_year_before, 2)
    end as figure_year_before,
    case
        when f.break_reason is null and f.unit = 'share' then round(f.figure - f.figure_year_before, 6)
        when f.break_reason is null then round(f.figure - f.figure_year_before, 2)
    end as figure_change,
    f.break_reason
from placed as f
inner join beside as b
    on f.authority_code = b.authority_code
    and f.measure = b.measure
    and f.provision_type = b.provision_type
left join areas_told as t
    on f.authority_code = t.authority_code
    and f.measure = t.measure
    and f.provision_type = t.provision_type
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and f.authority_code = a.authority_code
