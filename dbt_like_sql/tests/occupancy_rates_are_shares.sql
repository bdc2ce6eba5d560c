-- Rates and coverages lie between 0 and 1, and occupied, vacant and unavailable shares make a whole. A failure means that a rate has the
-- wrong whole.
-- checks: curated.host_authority_occupancy
-- severity: blocks
select
    o.host_authority_code,
    o.provision_type,
    o.occupancy_rate,
    o.vacancy_rate,
    o.unoccupied_rate,
    o.available_occupancy_rate,
    o.availability_rate,
    o.coverage_settings,
    o.coverage_places
from curated.host_authority_occupancy as o
where
    o.census_date = cast(:census_date as date)
    and (
        least(
            o.occupancy_rate, o.vacancy_rate, o.unoccupied_rate, o.available_occupancy_rate, o.availability_rate,
            o.coverage_settings, o.coverage_places
        ) < 0
        or greatest(
            o.occupancy_rate, o.vacancy_rate, o.unoccupied_rate, o.available_occupancy_rate, o.availability_rate,
            o.coverage_settings, o.coverage_places
        ) > 1
        or abs(o.occupancy_rate + o.unoccupied_rate - 1) > 0.000001
        or abs(o.occupancy_rate + o.vacancy_rate - o.availability_rate) > 0.000002
    )
