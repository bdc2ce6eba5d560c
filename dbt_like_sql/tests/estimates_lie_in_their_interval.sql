-- An estimate lies in its interval, the interval in its band, no end of either is below what was counted or above that and every place that is
-- missing, and there are ends where there is an estimate. Where all has returned it is the count; where places are missing the interval has a
-- width. A failure means that the grossing up went wrong: publish no estimate until it is understood.
-- checks: curated.area_occupancy
-- severity: blocks
with figures as (
    select
        o.host_authority_code as area_code,
        o.provision_type,
        o.places_registered - o.places_covered as missing,
        o.occupied,
        o.occupied_estimate,
        o.occupied_low,
        o.occupied_high,
        o.occupied_band_low,
        o.occupied_band_high,
        o.vacant,
        o.vacant_estimate,
        o.vacant_low,
        o.vacant_high,
        o.vacant_band_low,
        o.vacant_band_high
    from curated.host_authority_occupancy as o
    where o.census_date = cast(:census_date as date)
    union all
    select
        a.area_code,
        a.provision_type,
        a.places_registered - a.places_covered as missing,
        a.occupied,
        a.occupied_estimate,
        a.occupied_low,
        a.occupied_high,
        a.occupied_band_low,
        a.occupied_band_high,
        a.vacant,
        a.vacant_estimate,
        a.vacant_low,
        a.vacant_high,
        a.vacant_band_low,
        a.vacant_band_high
    from curated.area_occupancy as a
    where a.census_date = cast(:census_date as date)
),

measures as (
    select
        f.area_code,
        f.provision_type,
        'occupied' as measure,
        f.missing,
        f.occupied as counted,
        f.occupied_estimate as estimate,
        f.occupied_low as low,
        f.occupied_high as high,
        f.occupied_band_low as band_low,
        f.occupied_band_high as band_high
    from figures as f
    union all
    select
        f.area_code,
        f.provision_type,
        'vacant' as measure,
        f.missing,
        f.vacant as counted,
        f.vacant_estimate as estimate,
        f.vacant_low as low,
        f.vacant_high as high,
        f.vacant_band_low as band_low,
        f.vacant_band_high as band_high
    from figures as f
)

select
    m.area_code,
    m.provision_type,
    m.measure,
    m.missing,
    m.counted,
    m.estimate,
    m.low,
    m.high,
    m.band_low,
    m.band_high
from measures as m
where
    m.estimate not between m.low and m.high
    or m.low < m.band_low
    or m.high > m.band_high
    or m.band_low < m.counted
    or m.band_high > m.counted + m.missing
    or (m.estimate is null) <> (m.low is null)
    or (m.estimate is null) <> (m.high is null)
    or (m.estimate is null) <> (m.band_low is null)
    or (m.estimate is null) <> (m.band_high is null)
    or (m.estimate is not null and m.counted is null)
    or (m.missing = 0 and m.estimate <> m.counted)
    or (m.missing > 0 and m.low = m.high)
