-- Of the places in the observatory's region, and in each of its sub-regions, how many are occupied and vacant: what was
-- counted, and an estimate for the whole register with its interval and band. Counted figures are the sums of
-- curated.host_authority_occupancy over the authorities; the estimates are made for the area at once (core.occupancy_estimate),
-- authorities without a return included, so their intervals are narrower than those of its authorities added up.
-- grain: census_date, area_level, area_code, provision_type
with areas as (
    select
        a.area_level,
        a.area_code,
        a.area_gss,
        a.area_name,
        a.authority_code
    from core.area as a
    left join (select distinct m.region_code from staging.region_member as m) as o
        on a.area_code = o.region_code
    where
        a.census_date = cast(:census_date as date)
        and (a.area_level = 'sub-region' or (a.area_level = 'region' and o.region_code is not null))
),

summed as (
    select
        a.area_level,
        a.area_code,
        min(a.area_gss) as area_gss,
        min(a.area_name) as area_name,
        o.provision_type,
        sum(o.settings_registered) as settings_registered,
        sum(o.places_registered) as places_registered,
        sum(o.settings_covered) as settings_covered,
        sum(o.places_covered) as places_covered,
        sum(o.settings_returned) as settings_returned,
        sum(o.places_returned) as places_returned,
        sum(o.occupied) as occupied,
        sum(o.vacant) as vacant,
        sum(o.unavailable) as unavailable
    from curated.host_authority_occupancy as o
    inner join areas as a
        on o.host_authority_code = a.authority_code
    where o.census_date = cast(:census_date as date)
    group by
        a.area_level,
        a.area_code,
        o.provision_type
)

select
    cast(:census_date as date) as census_date,
    s.area_level,
    s.area_code,
    s.area_gss,
    s.area_name,
    s.provision_type,
    cast(s.settings_registered as integer) as settings_registered,
    cast(s.places_registered as integer) as places_registered,
    cast(s.settings_covered as integer) as settings_covered,
    cast(s.places_covered as integer) as places_covered,
    cast(s.settings_returned as integer) as settings_returned,
    cast(s.places_returned as integer) as places_returned,
    cast(s.occupied as integer) as occupied,
    cast(s.vacant as integer) as vacant,
    cast(s.unavailable as integer) as unavailable,
    round(cast(s.occupied as numeric) / nullif(s.places_returned, 0), 6) as occupancy_rate,
    round(cast(s.settings_covered as numeric) / nullif(s.settings_registered, 0), 6) as coverage_settings,
    round(cast(s.places_covered as numeric) / nullif(s.places_registered, 0), 6) as coverage_places,
    e.occupied_estimate,
    e.occupied_low,
    e.occupied_high,
    e.occupied_band_low,
    e.occupied_band_high,
    e.vacant_estimate,
    e.vacant_low,
    e.vacant_high,
    e.vacant_band_low,
    e.vacant_band_high
from summed as s
left join core.occupancy_estimate as e
    on e.census_date = cast(:census_date as date)
    and s.area_level = e.area_level
    and s.area_code = e.area_code
    and s.provision_type = e.provision_type
