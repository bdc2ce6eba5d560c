-- The headline figures of the other tables, one row an authority's figure, as two numbers: what is counted and what it is counted of. A new headline
-- is a new part of the union. curated.comparison sets them beside each other; because both numbers are here, an area's figure is of its children,
-- homes or placements taken together, not the mean of its authorities' rates.
-- The value is numerator / denominator, in the unit named. Provision type is All where the figure is not by type. Only figures with a whole that
-- is known and above 0 have a row. Definitions are those of the tables that they come from, except that placements whose area is not known are
-- left out of the share placed in the own area, which would fall with every blank otherwise; All is every child of the SSDA903. covers says
-- what own placements are of (all, or commissioned where no SSDA903 is held). Fees are not among them: they are confidential
-- between authorities, and a few neighbours' mean would tell one's; curated.weekly_cost has rank, ratio and areas of them.
-- A number is open where every member may know it of every authority: the register or ONS has it, or setting_vacancies tells it home by home.
-- grain: census_date, authority_code, measure, provision_type
with figures as (
    select
        'children looked after per 10,000' as measure,
        'per 10,000' as unit,
        'All' as provision_type,
        c.authority_code as authority_code,
        cast(c.children as numeric) as numerator,
        cast(cast(p.people as numeric) / 10000 as numeric) as denominator,
        cast(null as text) as covers
    from curated.children_looked_after as c
    inner join core.population as p
        on c.census_date = p.census_date
        and c.authority_code = p.authority_code
    where
        c.census_date = cast(:census_date as date)
        and c.breakdown = 'total'
    union all
    select
        'started to be looked after per 10,000' as measure,
        'per 10,000' as unit,
        'All' as provision_type,
        c.authority_code as authority_code,
        cast(c.children as numeric) as numerator,
        cast(cast(p.people as numeric) / 10000 as numeric) as denominator,
        cast(null as text) as covers
    from curated.care_flows as c
    inner join core.population as p
        on c.census_date = p.census_date
        and c.authority_code = p.authority_code
    where
        c.census_date = cast(:census_date as date)
        and c.direction = 'started'
        and c.breakdown = 'total'
    union all
    select
        'in secure homes and children''s homes' as measure,
        'share' as unit,
        'All' as provision_type,
        c.authority_code as authority_code,
        cast(sum(case when c.category = 'Secure homes and children''s homes' then c.children else 0 end) as numeric) as numerator,
        cast(sum(c.children) as numeric) as denominator,
        cast(null as text) as covers
    from curated.children_looked_after as c
    where
        c.census_date = cast(:census_date as date)
        and c.breakdown = 'placement type'
    group by c.authority_code
    union all
    select
        'three or more placements in the year' as measure,
        'share' as unit,
        'All' as provision_type,
        s.authority_code as authority_code,
        cast(s.three_or_more as numeric) as numerator,
        cast(s.children as numeric) as denominator,
        cast(null as text) as covers
    from curated.placement_stability as s
    where s.census_date = cast(:census_date as date)
    union all
    select
        'same carer for two years' as measure,
        'share' as unit,
        'All' as provision_type,
        s.authority_code as authority_code,
        cast(s.same_carer_two_years as numeric) as numerator,
        cast(s.long_term_children as numeric) as denominator,
        cast(null as text) as covers
    from curated.placement_stability as s
    where s.census_date = cast(:census_date as date)
    union all
    select
        'more than 20 miles from home' as measure,
        'share' as unit,
        d.provision_type as provision_type,
        d.authority_code as authority_code,
        cast(sum(case when d.distance_band = 'more than 20 miles' then d.placements else 0 end) as numeric) as numerator,
        cast(sum(d.placements) as numeric) as denominator,
        cast(null as text) as covers
    from curated.placement_distance as d
    where d.census_date = cast(:census_date as date)
    group by
        d.authority_code,
        d.provision_type
    union all
    select
        'placed in the own area' as measure,
        'share' as unit,
        o.provision_type as provision_type,
        o.placing_authority_code as authority_code,
        cast(sum(case when o.location_band = 'in_area' then o.placements else 0 end) as numeric) as numerator,
        cast(sum(o.placements) as numeric) as denominator,
        min(o.covers) as covers
    from curated.own_placements_location as o
    where
        o.census_date = cast(:census_date as date)
        and o.location_band <> 'unknown'
        and o.provision_type <> 'None'
    group by
        o.placing_authority_code,
        o.provision_type
    union all
    select
        'placed in the own area' as measure,
        'share' as unit,
        'All' as provision_type,
        n.authority_code as authority_code,
        cast(n.own_inside as numeric) as numerator,
        cast(n.own_inside + n.own_outside as numeric) as denominator,
        n.covers as covers
    from curated.net_position as n
    where n.census_date = cast(:census_date as date)
    union all
    select
        'occupied places' as measure,
        'share' as unit,
        o.provision_type as provision_type,
        o.host_authority_code as authority_code,
        cast(o.occupied as numeric) as numerator,
        cast(o.places_returned as numeric) as denominator,
        cast(null as text) as covers
    from curated.host_authority_occupancy as o
    where o.census_date = cast(:census_date as date)
    union all
    select
        'places that could take a child now' as measure,
        'share' as unit,
        o.provision_type as provision_type,
        o.host_authority_code as authority_code,
        cast(o.vacant as numeric) as numerator,
        cast(o.places_returned as numeric) as denominator,
        cast(null as text) as covers
    from curated.host_authority_occupancy as o
    where o.census_date = cast(:census_date as date)
    union all
    select
        'places with nobody in them' as measure,
        'share' as unit,
        o.provision_type as provision_type,
        o.host_authority_code as authority_code,
        cast(o.places_returned - o.occupied as numeric) as numerator,
        cast(o.places_returned as numeric) as denominator,
        cast(null as text) as covers
    from curated.host_authority_occupancy as o
    where o.census_date = cast(:census_date as date)
    union all
    select
        'places taken by the host authority' as measure,
        'share' as unit,
        u.provision_type as provision_type,
        u.host_authority_code as authority_code,
        cast(u.children_of_host as numeric) as numerator,
        cast(u.children_living_here as numeric) as denominator,
        cast(null as text) as covers
    from curated.host_use_of_own_supply as u
    where u.census_date = cast(:census_date as date)
    union all
    select
        'one-bed homes' as measure,
        'share' as unit,
        h.provision_type as provision_type,
        h.host_authority_code as authority_code,
        cast(sum(case when h.size_band = '1' then h.settings else 0 end) as numeric) as numerator,
        cast(sum(h.settings) as numeric) as denominator,
        cast(null as text) as covers
    from curated.home_sizes as h
    where
        h.census_date = cast(:census_date as date)
        and h.size_band <> 'Not known'
    group by
        h.host_authority_code,
        h.provision_type
    union all
    select
        'children a fostering household' as measure,
        'children a household' as unit,
        f.provision_type as provision_type,
        f.authority_code as authority_code,
        cast(f.children_placed as numeric) as numerator,
        cast(f.households as numeric) as denominator,
        cast(null as text) as covers
    from curated.fostering_capacity as f
    where
        f.census_date = cast(:census_date as date)
        and f.approval_type in ('Mainstream', 'Not divided')
)

select
    cast(:census_date as date) as census_date,
    f.authority_code,
    f.measure,
    f.provision_type,
    f.unit,
    f.numerator,
    f.denominator,
    f.covers,
    f.measure in ('one-bed homes', 'places that could take a child now', 'places with nobody in them') as numerator_is_open,
    f.measure in ('children looked after per 10,000', 'started to be looked after per 10,000', 'one-bed homes') as denominator_is_open
from figures as f
where
    f.denominator > 0
    and f.numerator is not null
    and f.authority_code not in ('HEALTH', 'PRIVATE', 'UNKNOWN')
    and f.provision_type <> 'Other'
