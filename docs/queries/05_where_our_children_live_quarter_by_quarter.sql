-- Where do our children live, quarter by quarter?
-- for: authority
-- Our looked-after children by the SSDA903: in our area, in our sub-region, elsewhere, not known. A quarter without our SSDA903 is
-- left out: the placement census tells of commissioned placements alone. Beside them DfE's own share of children placed outside, the newest
-- that was held by the quarter, with England's, the region's and our neighbours': it is of all bands but our own area together.
with official as (
    select
        b.census_date,
        max(b.official_value) as outside_percent,
        max(b.england_value) as england_percent,
        max(b.region_value) as region_percent,
        max(b.neighbours_mean) as neighbours_mean_percent,
        max(b.rank_in_region) as rank_in_region,
        max(b.ranked_in_region) as ranked_in_region,
        max(b.release) as official_release,
        max(b.period_end) as official_period_end
    from curated.benchmark as b
    where b.measure = 'placed outside the own area' and b.unit = 'percent' and b.breakdown = 'total'
    group by b.census_date
)

select
    o.census_date,
    o.location_band,
    sum(o.placements) as placements,
    round(sum(o.placements) * 100.0 / nullif(sum(sum(o.placements)) over (partition by o.census_date), 0), 1) as share_percent,
    max(f.outside_percent) as official_outside_percent,
    max(f.england_percent) as england_outside_percent,
    max(f.region_percent) as region_outside_percent,
    max(f.neighbours_mean_percent) as neighbours_mean_outside_percent,
    max(f.rank_in_region) as rank_in_region,
    max(f.ranked_in_region) as ranked_in_region,
    max(f.official_release) as official_release,
    max(f.official_period_end) as official_period_end
from curated.own_placements_location as o
left join official as f
    on o.census_date = f.census_date
where o.covers = 'all'
group by o.census_date, o.location_band
order by o.census_date, o.location_band
