-- An estimate lies in its interval, no end of it is below what was counted, and the ends stand where the estimate stands. At full coverage
-- it is the count. A failure means that the grossing up went wrong: publish no estimate until it is understood.
-- checks: curated.host_authority_occupancy
-- severity: blocks
with measures as (
    select
        o.host_authority_code,
        o.provision_type,
        'occupied' as measure,
        o.coverage_places,
        o.occupied as counted,
        o.occupied_estimate as estimate,
        o.occupied_low as low,
        o.occupied_high as high
    from curated.host_authority_occupancy as o
    where o.census_date = cast(:census_date as date)
    union all
    select
        o.host_authority_code,
        o.provision_type,
        'vacant' as measure,
        o.coverage_places,
        o.vacant as counted,
        o.vacant_estimate as estimate,
        o.vacant_low as low,
        o.vacant_high as high
    from curated.host_authority_occupancy as o
    where o.census_date = cast(:census_date as date)
)

select
    m.host_authority_code,
    m.provision_type,
    m.measure,
    m.counted,
    m.estimate,
    m.low,
    m.high
from measures as m
where
    m.estimate not between m.low and m.high
    or m.low < m.counted
    or (m.estimate is null) <> (m.low is null)
    or (m.estimate is null) <> (m.high is null)
    or (m.estimate is not null and m.counted is null)
    or (m.coverage_places = 1 and m.estimate <> m.counted)
