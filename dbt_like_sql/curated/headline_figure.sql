-- The headline figures of the other tables, one row an authority's figure, as two numbers: what is counted and what it is counted of. A new
-- headline is a row of `measures` and its counts in `figures`. curated.comparison sets them beside each other; because both numbers are here,
-- an area's figure is of its children, homes or placements taken together, not the mean of its authorities' rates.
-- The value is numerator / denominator, in the unit named. Provision type is All where the figure is not by type. Only figures with a whole that
-- is known and above 0 have a row. Definitions are those of the tables that they come from, except that placements whose area is not known are
-- left out of the share placed in the own area, which would fall with every blank otherwise; All is every child of the SSDA903. covers says
-- what own placements are of (all, or commissioned where no SSDA903 is held). Fees are not among them: they are confidential
-- between authorities, and a few neighbours' mean would tell one's; curated.weekly_cost has rank, ratio and areas of them.
-- A number is open where every member may know it of every authority: the register or ONS has it, or setting_vacancies tells it home by home.
-- grain: census_date, authority_code, measure, provision_type
with measures as (
    select
        v.measure,
        v.unit,
        v.numerator_is_open,
        v.denominator_is_open
    from (
        values
            ('children looked after per 10,000', 'per 10,000', false, true),
            ('started to be looked after per 10,000', 'per 10,000', false, true),
            ('in secure homes and children''s homes', 'share', false, false),
            ('three or more placements in the year', 'share', false, false),
            ('same carer for two years', 'share', false, false),
            ('more than 20 miles from home', 'share', false, false),
            ('placed in the own area', 'share', false, false),
            ('occupied places', 'share', false, false),
            ('places that could take a child now', 'share', true, false),
            ('places with nobody in them', 'share', true, false),
            ('places taken by the host authority', 'share', false, false),
            ('one-bed homes', 'share', true, true),
            ('children a fostering household', 'children a household', false, false)
    ) as v (measure, unit, numerator_is_open, denominator_is_open)
),

looked_after as (
    select
        'children looked after per 10,000' as measure,
        c.authority_code,
        c.children
    from curated.children_looked_after as c
    where
        c.census_date = cast(:census_date as date)
        and c.breakdown = 'total'
    union all
    select
        'started to be looked after per 10,000' as measure,
        c.authority_code,
        c.children
    from curated.care_flows as c
    where
        c.census_date = cast(:census_date as date)
        and c.direction = 'started'
        and c.breakdown = 'total'
),

figures as (
    select
        l.measure,
        l.authority_code,
        'All' as provision_type,
        l.children as numerator,
        cast(p.people as numeric) / 10000 as denominator,
        cast(null as text) as covers
    from looked_after as l
    inner join core.population as p
        on p.census_date = cast(:census_date as date)
        and l.authority_code = p.authority_code
    union all
    select
        'in secure homes and children''s homes' as measure,
        c.authority_code,
        'All' as provision_type,
        sum(case when c.category = 'Secure homes and children''s homes' then c.children else 0 end) as numerator,
        sum(c.children) as denominator,
        cast(null as text) as covers
    from curated.children_looked_after as c
    where
        c.census_date = cast(:census_date as date)
        and c.breakdown = 'placement type'
    group by c.authority_code
    union all
    select
        m.measure,
        s.authority_code,
        'All' as provision_type,
        case m.measure when 'same carer for two years' then s.same_carer_two_years else s.three_or_more end as numerator,
        case m.measure when 'same carer for two years' then s.long_term_children else s.children end as denominator,
        cast(null as text) as covers
    from curated.placement_stability as s
    cross join (values ('three or more placements in the year'), ('same carer for two years')) as m (measure)
    where s.census_date = cast(:census_date as date)
    union all
    select
        'more than 20 miles from home' as measure,
        d.authority_code,
        d.provision_type,
        sum(case when d.distance_band = 'more than 20 miles' then d.placements else 0 end) as numerator,
        sum(d.placements) as denominator,
        cast(null as text) as covers
    from curated.placement_distance as d
    where d.census_date = cast(:census_date as date)
    group by
        d.authority_code,
        d.provision_type
    union all
    select
        'placed in the own area' as measure,
        o.placing_authority_code as authority_code,
        o.provision_type,
        sum(case when o.location_band = 'in_area' then o.placements else 0 end) as numerator,
        sum(o.placements) as denominator,
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
        n.authority_code,
        'All' as provision_type,
        n.own_inside as numerator,
        n.own_inside + n.own_outside as denominator,
        n.covers
    from curated.net_position as n
    where n.census_date = cast(:census_date as date)
    union all
    select
        m.measure,
        o.host_authority_code as authority_code,
        o.provision_type,
        case m.measure
            when 'occupied places' then o.occupied
            when 'places that could take a child now' then o.vacant
            else o.places_returned - o.occupied
        end as numerator,
        o.places_returned as denominator,
        cast(null as text) as covers
    from curated.host_authority_occupancy as o
    cross join (
        values ('occupied places'), ('places that could take a child now'), ('places with nobody in them')
    ) as m (measure)
    where o.census_date = cast(:census_date as date)
    union all
    select
        'places taken by the host authority' as measure,
        u.host_authority_code as authority_code,
        u.provision_type,
        u.children_of_host as numerator,
        u.children_living_here as denominator,
        cast(null as text) as covers
    from curated.host_use_of_own_supply as u
    where u.census_date = cast(:census_date as date)
    union all
    select
        'one-bed homes' as measure,
        h.host_authority_code as authority_code,
        h.provision_type,
        sum(case when h.size_band = '1' then h.settings else 0 end) as numerator,
        sum(h.settings) as denominator,
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
        f.authority_code,
        f.provision_type,
        f.children_placed as numerator,
        f.households as denominator,
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
    m.unit,
    cast(f.numerator as numeric) as numerator,
    cast(f.denominator as numeric) as denominator,
    f.covers,
    m.numerator_is_open,
    m.denominator_is_open
from figures as f
inner join measures as m
    on f.measure = m.measure
where
    f.denominator > 0
    and f.numerator is not null
    and f.authority_code not in ('HEALTH', 'PRIVATE', 'UNKNOWN')
    and f.provision_type <> 'Other'
