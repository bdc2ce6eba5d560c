-- How many of our children live more than 20 miles from home, in which kind of provision?
-- for: authority
-- From the SSDA903, newest quarter; shares are of all placements, unknown distances included. Beside them the official share of all
-- placements (not by kind), with its release and date: DfE's of us, England, the region and our ten statistical neighbours (unweighted mean, and
-- pooled), and our rank in the region. Theirs may be of another date, so nothing is subtracted.
with official as (
    select
        b.official_value,
        b.england_value,
        b.region_value,
        b.neighbours_mean,
        b.neighbours_pooled,
        b.rank_in_region,
        b.published_by,
        b.release,
        b.period_end
    from curated.benchmark as b
    where
        b.census_date = (select max(n.census_date) from curated.placement_distance as n)
        and b.measure = 'placed more than 20 miles from home'
        and b.unit = 'percent'
),

ours as (
    select
        d.provision_type,
        sum(d.placements) filter (where d.distance_band = 'more than 20 miles') as more_than_20_miles,
        sum(d.placements) filter (where d.distance_band like 'not known%') as distance_not_known,
        sum(d.placements) as placements
    from curated.placement_distance as d
    where d.census_date = (select max(n.census_date) from curated.placement_distance as n)
    group by d.provision_type
)

select
    u.provision_type,
    u.more_than_20_miles,
    u.distance_not_known,
    u.placements,
    round(sum(u.more_than_20_miles) over () * 100.0 / nullif(sum(u.placements) over (), 0), 1) as percent_of_all,
    o.official_value as official_percent_of_all,
    o.england_value as england,
    o.region_value as region,
    o.neighbours_mean,
    o.neighbours_pooled,
    o.rank_in_region,
    o.published_by,
    o.release,
    o.period_end
from ours as u
left join official as o
    on true
order by u.more_than_20_miles desc nulls last
