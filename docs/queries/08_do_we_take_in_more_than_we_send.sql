-- Do we take in more children than we send away, quarter by quarter?
-- for: authority
-- DfE's net gain: other authorities' children inside our area, less our own outside it. Blank, with the reason, where our SSDA903 is not in.
-- Beside it DfE's own figures, the newest that were held by each quarter, with England's, the region's and our neighbours' of children placed
-- outside, and our rank in the region by them (1: most). DfE counts others' children by all authorities' returns, we by those of the providers that answered: nothing is subtracted.
with official as (
    select
        b.census_date,
        max(b.official_value) filter (where b.measure = 'placed outside the own area' and b.unit = 'children') as official_outside,
        max(b.official_value) filter (where b.measure = 'placed outside the own area' and b.unit = 'percent') as official_percent_outside,
        max(b.england_value) filter (where b.measure = 'placed outside the own area' and b.unit = 'percent') as england_percent,
        max(b.region_value) filter (where b.measure = 'placed outside the own area' and b.unit = 'percent') as region_percent,
        max(b.neighbours_mean) filter (where b.measure = 'placed outside the own area' and b.unit = 'percent') as neighbours_mean_percent,
        max(b.neighbours_pooled) filter (where b.measure = 'placed outside the own area' and b.unit = 'percent') as neighbours_pooled_percent,
        max(b.rank_in_region) filter (where b.measure = 'placed outside the own area' and b.unit = 'percent') as rank_in_region,
        max(b.ranked_in_region) filter (where b.measure = 'placed outside the own area' and b.unit = 'percent') as ranked_in_region,
        max(b.official_value) filter (where b.measure = 'net gain of children') as official_net_gain,
        max(b.release) filter (where b.measure in ('placed outside the own area', 'net gain of children')) as official_release,
        max(b.period_end) filter (where b.measure in ('placed outside the own area', 'net gain of children')) as official_period_end
    from curated.benchmark as b
    group by b.census_date
)

select
    n.census_date,
    n.own_inside,
    n.own_outside,
    n.others_inside,
    n.net_gain,
    n.blank_reason,
    round(n.coverage_places * 100, 0) as coverage_percent,
    o.official_outside,
    o.official_net_gain,
    o.official_percent_outside,
    o.england_percent,
    o.region_percent,
    o.neighbours_mean_percent,
    o.neighbours_pooled_percent,
    o.rank_in_region,
    o.ranked_in_region,
    o.official_release,
    o.official_period_end
from curated.net_position as n
left join official as o
    on n.census_date = o.census_date
order by n.census_date
