-- Every headline figure of an authority (curated.headline_figure) beside its sub-region's, its region's and its statistical neighbours', with its
-- rank in the region and its change on a year before.
-- An area's figure is of all its authorities that returned, taken together: the sum of what is counted / the sum of what it is counted of, the
-- authority itself included (not among its neighbours). sub_region_authorities, region_authorities and neighbours_held say how many returned.
-- A figure of fewer than three others (the region's file says how many) would be theirs: it is blank. So is one that would leave fewer than three
-- between it and another figure of the row: the sub-region's beside the region's, the neighbours' beside both.
-- Rank 1 is the highest figure of the region, equal figures have equal ranks: high is not always good. A year before is the quarter twelve months
-- earlier; blank where it is not held (break_reason no_return_year_before) and where the series is broken between: source (own placements of
-- all children then and of commissioned ones now, or the reverse), or a break of the coverage's or the type's series (staging.series_break).
-- Sub-regions are the observatory's own region's.
-- Values: shares to 6 decimals, the others to 2.
-- grain: census_date, authority_code, measure, provision_type
with figures as (
    select
        f.authority_code,
        f.measure,
        f.provision_type,
        f.unit,
        f.covers,
        f.numerator,
        f.denominator,
        f.numerator / f.denominator as figure
    from curated.headline_figure as f
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
        sum(f.numerator) / sum(f.denominator) as figure,
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

of_neighbours as (
    select
        n.authority_code,
        f.measure,
        f.provision_type,
        sum(f.numerator) / sum(f.denominator) as figure,
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

rule as (
    select max(m.others_for_a_comparison) as others
    from staging.region_member as m
),

ranked as (
    select
        f.authority_code,
        f.measure,
        f.provision_type,
        f.unit,
        f.covers,
        f.figure,
        s.area_code as sub_region_code,
        r.area_code as region_code,
        case
            when r.area_code is not null
                then rank() over (partition by r.area_code, f.measure, f.provision_type order by f.figure desc)
        end as rank_in_region,
        case when f.unit = 'share' then 6 else 2 end as decimals,
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
        f.unit,
        f.figure,
        f.rank_in_region,
        f.decimals,
        f.figure_year_before,
        f.break_reason,
        s.figure as sub_region_figure,
        s.authorities as sub_region_authorities,
        r.figure as region_figure,
        r.authorities as region_authorities,
        n.figure as neighbours_figure,
        coalesce(n.authorities, 0) as neighbours,
        coalesce(n.in_sub_region, 0) as neighbours_in_sub_region,
        coalesce(n.in_region, 0) as neighbours_in_region,
        coalesce(s.authorities, 1) - 1 as others_in_sub_region,
        coalesce(r.authorities, 1) - 1 as others_in_region,
        coalesce(r.authorities, 0) - coalesce(s.authorities, 0) as others_around,
        u.others as fewest
    from ranked as f
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
),

-- What others' figures are told: of enough of them, and with enough, or nobody, left between one and another.
told as (
    select
        b.authority_code,
        b.measure,
        b.provision_type,
        b.others_in_region >= b.fewest as has_region,
        b.others_in_sub_region >= b.fewest and (b.others_around <= 0 or b.others_around >= b.fewest) as has_sub_region,
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
        ) as has_neighbours
    from beside as b
)

select
    cast(:census_date as date) as census_date,
    f.authority_code,
    a.authority_gss,
    coalesce(a.authority_name, f.authority_code) as authority_name,
    f.measure,
    f.provision_type,
    f.unit,
    round(f.figure, f.decimals) as figure,
    case when t.has_sub_region then round(f.sub_region_figure, f.decimals) end as sub_region_figure,
    cast(f.sub_region_authorities as integer) as sub_region_authorities,
    case when t.has_region then round(f.region_figure, f.decimals) end as region_figure,
    cast(f.region_authorities as integer) as region_authorities,
    case when t.has_neighbours then round(f.neighbours_figure, f.decimals) end as neighbours_figure,
    cast(f.neighbours as integer) as neighbours_held,
    cast(f.rank_in_region as integer) as rank_in_region,
    case when f.break_reason is null then round(f.figure_year_before, f.decimals) end as figure_year_before,
    case when f.break_reason is null then round(f.figure - f.figure_year_before, f.decimals) end as figure_change,
    f.break_reason
from beside as f
inner join told as t
    on f.authority_code = t.authority_code
    and f.measure = t.measure
    and f.provision_type = t.provision_type
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and f.authority_code = a.authority_code
