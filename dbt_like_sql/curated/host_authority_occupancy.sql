-- Of the places that stand in an authority's area, how many are occupied, vacant and unavailable.
-- Counted figures are of the settings that returned, rates are shares of their places (occupied + vacant + unavailable),
-- and coverage says how much of the register that is. Where no setting returned the counts are blank: unknown, not 0.
-- A setting unknown to the register is counted, and is in neither part of the coverage. Fostering agencies are registered
-- where their office is: their coverage is by agency, and their places are not in the register.
-- Estimates gross the count up to the register: a setting that has not returned is given its places times the mean rate of
-- the settings that returned within provision type, size and sector (the whole region's; wider groups where fewer than ten
-- returned). The interval is 1.96 standard errors of prediction, with the variance of a setting proportional to its places, the
-- group's mean uncertain as well, and no smaller than if places were filled by chance; it is never below the count nor above the
-- count and all missing places. It takes non-response to be unrelated to occupancy within a group. Children by age are blank where
-- homes with somebody in them sent no placements. Official counterparts: occupancy and availability are DfE's (secure homes).
-- grain: census_date, host_authority_code, provision_type
with registered as (
    select
        s.urn,
        s.host_authority_code,
        s.provision_type,
        s.sector,
        s.size_band,
        s.places,
        s.premises,
        s.register_as_at,
        s.register_carried,
        s.register_source
    from core.setting as s
    where
        s.census_date = cast(:census_date as date)
        and s.provision_type <> 'Other'
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
    where
        r.census_date = cast(:census_date as date)
        and r.provision_type <> 'Other'
),

agencies_returned as (
    select distinct r.urn
    from returned as r
    where r.provision_type = 'Independent fostering'
),

-- The register beside the returns, setting by setting: has it answered, and with what?
answered as (
    select
        g.urn,
        g.host_authority_code,
        g.provision_type,
        g.sector,
        g.size_band,
        g.places,
        g.premises,
        case
            when g.provision_type = 'Independent fostering' then a.urn is not null
            else r.urn is not null
        end as has_returned,
        r.occupied_places,
        r.vacant_places
    from registered as g
    left join returned as r
        on g.urn = r.urn
        and g.host_authority_code = r.host_authority_code
    left join agencies_returned as a
        on g.urn = a.urn
),

register_side as (
    select
        a.host_authority_code,
        a.provision_type,
        sum(a.premises) as settings_registered,
        sum(a.places) as places_registered,
        sum(case when a.has_returned then a.premises else 0 end) as settings_covered,
        sum(case when a.has_returned then a.places when a.places is not null then 0 end) as places_covered
    from answered as a
    group by
        a.host_authority_code,
        a.provision_type
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

child_side as (
    select
        c.host_authority_code,
        c.provision_type,
        sum(case when c.age < 18 then 1 else 0 end) as occupied_under_18,
        sum(case when c.age >= 18 then 1 else 0 end) as occupied_18_plus
    from core.setting_child as c
    where
        c.census_date = cast(:census_date as date)
        and c.provision_type <> 'Other'
    group by
        c.host_authority_code,
        c.provision_type
),

-- Settings with places that answered: what the estimate learns from, in groups from the narrowest to the widest.
learned as (
    select
        a.provision_type,
        a.size_band,
        a.sector,
        count(*) as settings,
        sum(a.places) as places,
        sum(a.occupied_places) as occupied,
        sum(a.vacant_places) as vacant,
        sum(cast(a.occupied_places as numeric) * a.occupied_places / a.places) as occupied_squares,
        sum(cast(a.vacant_places as numeric) * a.vacant_places / a.places) as vacant_squares
    from answered as a
    where
        a.has_returned
        and a.places > 0
        and a.provision_type <> 'Independent fostering'
    group by
        a.provision_type,
        a.size_band,
        a.sector
),

groups as (
    select
        l.provision_type,
        l.size_band,
        l.sector,
        1 as width,
        l.settings,
        l.places,
        l.occupied,
        l.vacant,
        l.occupied_squares,
        l.vacant_squares
    from learned as l
    union all
    select
        l.provision_type,
        l.size_band,
        cast(null as text) as sector,
        2 as width,
        sum(l.settings) as settings,
        sum(l.places) as places,
        sum(l.occupied) as occupied,
        sum(l.vacant) as vacant,
        sum(l.occupied_squares) as occupied_squares,
        sum(l.vacant_squares) as vacant_squares
    from learned as l
    group by
        l.provision_type,
        l.size_band
    union all
    select
        l.provision_type,
        cast(null as text) as size_band,
        cast(null as text) as sector,
        3 as width,
        sum(l.settings) as settings,
        sum(l.places) as places,
        sum(l.occupied) as occupied,
        sum(l.vacant) as vacant,
        sum(l.occupied_squares) as occupied_squares,
        sum(l.vacant_squares) as vacant_squares
    from learned as l
    group by l.provision_type
),

-- Mean rate of each group, and the variance of a setting about it per place: sum((y - r m)^2 / m) / (n - 1).
fitted as (
    select
        g.provision_type,
        g.size_band,
        g.sector,
        g.width,
        g.places,
        least(1, cast(g.occupied as numeric) / g.places) as occupied_mean,
        least(1, cast(g.vacant as numeric) / g.places) as vacant_mean,
        greatest(
            0,
            (g.occupied_squares - cast(g.occupied as numeric) * g.occupied / g.places) / (g.settings - 1),
            cast(g.occupied + 1 as numeric) * (g.places - g.occupied + 1) / ((g.places + 2) * (g.places + 2))
        ) as occupied_variance,
        greatest(
            0,
            (g.vacant_squares - cast(g.vacant as numeric) * g.vacant / g.places) / (g.settings - 1),
            cast(g.vacant + 1 as numeric) * (g.places - g.vacant + 1) / ((g.places + 2) * (g.places + 2))
        ) as vacant_variance
    from groups as g
    where
        g.settings >= 10
        or (g.width = 3 and g.settings >= 2)
),

missing as (
    select
        a.host_authority_code,
        a.provision_type,
        a.size_band,
        a.sector,
        sum(a.places) as places
    from answered as a
    where
        not a.has_returned
        and a.places > 0
        and a.provision_type <> 'Independent fostering'
    group by
        a.host_authority_code,
        a.provision_type,
        a.size_band,
        a.sector
),

chosen as (
    select
        m.host_authority_code,
        m.provision_type,
        m.places as places_missing,
        f.places as places_learned,
        f.occupied_mean,
        f.vacant_mean,
        f.occupied_variance,
        f.vacant_variance,
        row_number() over (
            partition by m.host_authority_code, m.provision_type, m.size_band, m.sector
            order by f.width
        ) as position
    from missing as m
    left join fitted as f
        on m.provision_type = f.provision_type
        and (f.width = 3 or m.size_band = f.size_band)
        and (f.width > 1 or m.sector = f.sector)
),

predicted as (
    select
        c.host_authority_code,
        c.provision_type,
        sum(c.places_missing) as places_missing,
        bool_and(c.occupied_mean is not null) as can_be_estimated,
        sum(c.places_missing * c.occupied_mean) as occupied_missing,
        sum(c.places_missing * c.vacant_mean) as vacant_missing,
        sqrt(
            sum(c.occupied_variance * c.places_missing * (1 + cast(c.places_missing as numeric) / c.places_learned))
        ) as occupied_error,
        sqrt(
            sum(c.vacant_variance * c.places_missing * (1 + cast(c.places_missing as numeric) / c.places_learned))
        ) as vacant_error
    from chosen as c
    where c.position = 1
    group by
        c.host_authority_code,
        c.provision_type
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
        g.settings_covered,
        g.places_covered
    from register_side as g
    full join return_side as r
        on g.host_authority_code = r.host_authority_code
        and g.provision_type = r.provision_type
),

estimated as (
    select
        t.host_authority_code,
        t.provision_type,
        t.occupied,
        t.vacant,
        coalesce(p.places_missing, 0) as places_missing,
        coalesce(p.occupied_missing, 0) as occupied_missing,
        coalesce(p.vacant_missing, 0) as vacant_missing,
        coalesce(p.occupied_error, 0) as occupied_error,
        coalesce(p.vacant_error, 0) as vacant_error
    from together as t
    left join predicted as p
        on t.host_authority_code = p.host_authority_code
        and t.provision_type = p.provision_type
    where
        t.places_registered is not null
        and t.settings_covered > 0
        and coalesce(p.can_be_estimated, true)
)

select
    cast(:census_date as date) as census_date,
    t.host_authority_code,
    h.authority_gss as host_authority_gss,
    coalesce(h.authority_name, t.host_authority_code) as host_authority_name,
    t.provision_type,
    cast(t.settings_registered as integer) as settings_registered,
    cast(t.places_registered as integer) as places_registered,
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
    cast(
        case when t.occupied = 0 or (t.occupied > 0 and c.provision_type is not null) then coalesce(c.occupied_under_18, 0) end as integer
    ) as occupied_under_18,
    cast(
        case when t.occupied = 0 or (t.occupied > 0 and c.provision_type is not null) then coalesce(c.occupied_18_plus, 0) end as integer
    ) as occupied_18_plus,
    round(cast(t.settings_covered as numeric) / nullif(t.settings_registered, 0), 6) as coverage_settings,
    round(cast(t.places_covered as numeric) / nullif(t.places_registered, 0), 6) as coverage_places,
    round(e.occupied + e.occupied_missing, 1) as occupied_estimate,
    cast(
        greatest(e.occupied, floor(e.occupied + e.occupied_missing - 1.96 * e.occupied_error)) as integer
    ) as occupied_low,
    cast(
        least(e.occupied + e.places_missing, ceil(e.occupied + e.occupied_missing + 1.96 * e.occupied_error)) as integer
    ) as occupied_high,
    round(e.vacant + e.vacant_missing, 1) as vacant_estimate,
    cast(greatest(e.vacant, floor(e.vacant + e.vacant_missing - 1.96 * e.vacant_error)) as integer) as vacant_low,
    cast(
        least(e.vacant + e.places_missing, ceil(e.vacant + e.vacant_missing + 1.96 * e.vacant_error)) as integer
    ) as vacant_high,
    l.register_as_at,
    l.register_carried,
    l.register_source
from together as t
left join child_side as c
    on t.host_authority_code = c.host_authority_code
    and t.provision_type = c.provision_type
left join estimated as e
    on t.host_authority_code = e.host_authority_code
    and t.provision_type = e.provision_type
left join list as l
    on t.provision_type = l.provision_type
left join core.authority as h
    on h.census_date = cast(:census_date as date)
    and t.host_authority_code = h.authority_code
