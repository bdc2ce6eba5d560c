-- Of the places in an authority's area, how many are occupied, vacant and unavailable.
-- Counted figures are of the settings that returned, rates are shares of their places (occupied + vacant + unavailable),
-- and coverage says how much of the register that is, by premises and by places. Where no setting returned the counts are blank:
-- unknown, not 0. A setting unknown to the register is counted, and is in neither part of the coverage. Fostering agencies are
-- registered where their office is: their coverage is by agency, and their places are not in the register.
-- Estimates gross the count up to the register; core.occupancy_estimate describes how, and what their intervals and bands hold.
-- At full coverage they are the count. People by age are blank where a setting sent fewer placements than it has people, or an age is
-- unknown: part of a count is none. Official counterparts: occupancy and availability are DfE's (secure homes).
-- grain: census_date, host_authority_code, provision_type
with registered as (
    select
        s.urn,
        s.host_authority_code,
        s.provision_type,
        s.register_as_at,
        s.register_carried,
        s.register_source
    from core.setting as s
    inner join staging.provision_type as k
        on s.provision_type = k.provision_type
    where s.census_date = cast(:census_date as date)
),

returned as (
    select
        r.urn,
        r.host_authority_code,
        r.provision_type,
        r.premises_returned,
        r.occupied_places,
        r.vacant_places,
        r.unavailable_places
    from core.setting_return as r
    inner join staging.provision_type as k
        on r.provision_type = k.provision_type
    where r.census_date = cast(:census_date as date)
),

register_side as (
    select
        c.host_authority_code,
        c.provision_type,
        sum(c.premises) as settings_registered,
        sum(c.places) as places_registered,
        sum(c.premises_covered) as settings_covered,
        sum(c.places_covered) as places_covered
    from core.setting_coverage as c
    where c.census_date = cast(:census_date as date)
    group by
        c.host_authority_code,
        c.provision_type
),

return_side as (
    select
        r.host_authority_code,
        r.provision_type,
        sum(r.premises_returned) as settings_returned,
        sum(r.occupied_places) as occupied,
        sum(r.vacant_places) as vacant,
        sum(r.unavailable_places) as unavailable
    from returned as r
    group by
        r.host_authority_code,
        r.provision_type
),

children_by_setting as (
    select
        c.urn,
        c.host_authority_code,
        c.provision_type,
        count(*) as children,
        count(c.age) as children_of_known_age,
        sum(case when c.age < 18 then 1 else 0 end) as occupied_under_18,
        sum(case when c.age >= 18 then 1 else 0 end) as occupied_18_plus
    from core.setting_child as c
    inner join staging.provision_type as k
        on c.provision_type = k.provision_type
    where c.census_date = cast(:census_date as date)
    group by
        c.urn,
        c.host_authority_code,
        c.provision_type
),

child_side as (
    select
        r.host_authority_code,
        r.provision_type,
        bool_and(
            coalesce(c.children, 0) >= coalesce(r.occupied_places, 0)
            and coalesce(c.children = c.children_of_known_age, true)
        ) as ages_are_known,
        sum(coalesce(c.occupied_under_18, 0)) as occupied_under_18,
        sum(coalesce(c.occupied_18_plus, 0)) as occupied_18_plus
    from returned as r
    left join children_by_setting as c
        on r.urn = c.urn
        and r.host_authority_code = c.host_authority_code
        and r.provision_type = c.provision_type
    group by
        r.host_authority_code,
        r.provision_type
),

list as (
    select
        max(g.register_as_at) as register_as_at,
        bool_or(g.register_carried) as register_carried,
        g.provision_type,
        min(g.register_source) as register_source
    from registered as g
    group by g.provision_type
),

together as (
    select
        coalesce(g.host_authority_code, r.host_authority_code) as host_authority_code,
        coalesce(g.provision_type, r.provision_type) as provision_type,
        coalesce(g.settings_registered, 0) as settings_registered,
        g.places_registered,
        coalesce(r.settings_returned, 0) as settings_returned,
        coalesce(r.occupied + r.vacant + r.unavailable, 0) as places_returned,
        r.occupied,
        r.vacant,
        r.unavailable,
        coalesce(g.settings_covered, 0) as settings_covered,
        g.places_covered
    from register_side as g
    full join return_side as r
        on g.host_authority_code = r.host_authority_code
        and g.provision_type = r.provision_type
)

select
    cast(:census_date as date) as census_date,
    t.host_authority_code,
    h.authority_gss as host_authority_gss,
    coalesce(h.authority_name, t.host_authority_code) as host_authority_name,
    t.provision_type,
    cast(t.settings_registered as integer) as settings_registered,
    cast(t.places_registered as integer) as places_registered,
    cast(t.settings_covered as integer) as settings_covered,
    cast(t.places_covered as integer) as places_covered,
    cast(t.settings_returned as integer) as settings_returned,
    cast(t.places_returned as integer) as places_returned,
    cast(t.occupied as integer) as occupied,
    cast(t.vacant as integer) as vacant,
    cast(t.unavailable as integer) as unavailable,
    round(cast(t.occupied as numeric) / nullif(t.places_returned, 0), 6) as occupancy_rate,
    round(cast(t.vacant as numeric) / nullif(t.places_returned, 0), 6) as vacancy_rate,
    round(cast(t.places_returned - t.occupied as numeric) / nullif(t.places_returned, 0), 6) as unoccupied_rate,
    round(cast(t.occupied as numeric) / nullif(t.occupied + t.vacant, 0), 6) as available_occupancy_rate,
    round(cast(t.occupied + t.vacant as numeric) / nullif(t.places_returned, 0), 6) as availability_rate,
    cast(case when c.ages_are_known then c.occupied_under_18 end as integer) as occupied_under_18,
    cast(case when c.ages_are_known then c.occupied_18_plus end as integer) as occupied_18_plus,
    round(cast(t.settings_covered as numeric) / nullif(t.settings_registered, 0), 6) as coverage_settings,
    round(cast(t.places_covered as numeric) / nullif(t.places_registered, 0), 6) as coverage_places,
    e.occupied_estimate,
    e.occupied_low,
    e.occupied_high,
    e.occupied_band_low,
    e.occupied_band_high,
    e.vacant_estimate,
    e.vacant_low,
    e.vacant_high,
    e.vacant_band_low,
    e.vacant_band_high,
    l.register_as_at,
    l.register_carried,
    l.register_source
from together as t
left join child_side as c
    on t.host_authority_code = c.host_authority_code
    and t.provision_type = c.provision_type
left join core.occupancy_estimate as e
    on e.census_date = cast(:census_date as date)
    and e.area_level = 'authority'
    and t.host_authority_code = e.area_code
    and t.provision_type = e.provision_type
left join list as l
    on t.provision_type = l.provision_type
left join core.authority as h
    on h.census_date = cast(:census_date as date)
    and t.host_authority_code = h.authority_code
