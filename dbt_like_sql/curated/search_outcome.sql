-- What came of an authority's searches for a home, by category: all of them, how soon the home was needed, which kind was preferred, and the child's
-- age and sex (from the SSDA903's header). Counts are of searches of the return: a child may have several. A search may be in several categories;
-- each has a row for an authority that returned, 0 included. Open: no home has been found yet, by the return. Days are from the referral to the
-- placement's date. Beside each count of what went as was wished stands the number of those of which it is known; what it means says curated.search.
-- Fees are those of homes that were found; their median is blank for fewer than 8. Who is not the authority itself reads counts to the nearest 5
-- without those of 0 to 7, medians of days of 8 searches or more, and no fee (assets/access/policies.py).
-- grain: census_date, authority_code, category
with searches as (
    select
        s.authority_code,
        s.is_emergency,
        s.is_placed,
        s.days_to_placement,
        s.placed_in_preferred_type,
        s.is_fallback_to_residential,
        case when s.is_placed then s.is_location_preferred end as is_location_preferred,
        s.placed_with_siblings,
        case when s.is_placed then s.cost_total_weekly end as cost_total_weekly,
        s.needed_by,
        s.foster_care_suitability,
        s.residential_care_suitability,
        s.supported_accommodation_suitability,
        s.sex,
        s.age
    from curated.search as s
    where s.census_date = cast(:census_date as date)
),

in_category as (
    select
        s.authority_code,
        v.category,
        s.is_emergency,
        s.is_placed,
        s.days_to_placement,
        s.placed_in_preferred_type,
        s.is_fallback_to_residential,
        s.is_location_preferred,
        s.placed_with_siblings,
        s.cost_total_weekly,
        case v.category
            when 'All searches' then true
            when 'Needed today' then s.needed_by = 'Today'
            when 'Needed in under 5 days' then s.needed_by = '< 5 days'
            when 'Needed in over 5 days' then s.needed_by = '> 5 days'
            when 'Needed by: not known' then s.needed_by is null
            when 'Foster care preferred' then s.foster_care_suitability = 'Preferred'
            when 'Residential care preferred' then s.residential_care_suitability = 'Preferred'
            when 'Supported accommodation preferred' then s.supported_accommodation_suitability = 'Preferred'
            when 'Under 1' then s.age < 1
            when '1 to 4' then s.age between 1 and 4
            when '5 to 9' then s.age between 5 and 9
            when '10 to 15' then s.age between 10 and 15
            when '16 and over' then s.age >= 16
            when 'Age: not known' then s.age is null
            when 'Female' then s.sex = 'Female'
            when 'Male' then s.sex = 'Male'
            else s.sex not in ('Female', 'Male')
        end as is_in
    from searches as s
    cross join (
        values
        ('All searches'),
        ('Needed today'),
        ('Needed in under 5 days'),
        ('Needed in over 5 days'),
        ('Needed by: not known'),
        ('Foster care preferred'),
        ('Residential care preferred'),
        ('Supported accommodation preferred'),
        ('Under 1'),
        ('1 to 4'),
        ('5 to 9'),
        ('10 to 15'),
        ('16 and over'),
        ('Age: not known'),
        ('Female'),
        ('Male'),
        ('Sex: not known')
    ) as v (category)
),

counted as (
    select
        c.authority_code,
        c.category,
        sum(case when c.is_in then 1 else 0 end) as searches,
        sum(case when c.is_in and not c.is_placed then 1 else 0 end) as searches_open,
        sum(case when c.is_in and c.is_placed then 1 else 0 end) as searches_placed,
        sum(case when c.is_in and c.is_emergency then 1 else 0 end) as searches_emergency,
        sum(case when c.is_in and c.days_to_placement is not null then 1 else 0 end) as searches_dated,
        cast(percentile_cont(0.5) within group (order by case when c.is_in then c.days_to_placement end) as numeric) as median_days,
        sum(case when c.is_in and c.placed_in_preferred_type is not null then 1 else 0 end) as searches_type_known,
        sum(case when c.is_in and c.placed_in_preferred_type then 1 else 0 end) as searches_in_preferred_type,
        sum(case when c.is_in and c.is_fallback_to_residential is not null then 1 else 0 end) as searches_foster_preferred,
        sum(case when c.is_in and c.is_fallback_to_residential then 1 else 0 end) as searches_fallback,
        sum(case when c.is_in and c.is_location_preferred is not null then 1 else 0 end) as searches_place_known,
        sum(case when c.is_in and c.is_location_preferred then 1 else 0 end) as searches_in_preferred_place,
        sum(case when c.is_in and c.placed_with_siblings is not null then 1 else 0 end) as searches_siblings_known,
        sum(case when c.is_in and c.placed_with_siblings then 1 else 0 end) as searches_with_siblings,
        sum(case when c.is_in and c.cost_total_weekly is not null then 1 else 0 end) as placements,
        cast(percentile_cont(0.5) within group (order by case when c.is_in then c.cost_total_weekly end) as numeric) as median_cost
    from in_category as c
    group by
        c.authority_code,
        c.category
)

select
    cast(:census_date as date) as census_date,
    c.authority_code,
    a.authority_gss,
    coalesce(a.authority_name, c.authority_code) as authority_name,
    c.category,
    cast(c.searches as integer) as searches,
    cast(c.searches_open as integer) as searches_open,
    cast(c.searches_placed as integer) as searches_placed,
    cast(c.searches_emergency as integer) as searches_emergency,
    cast(c.searches_dated as integer) as searches_dated,
    round(c.median_days, 1) as median_days_to_placement,
    cast(c.searches_type_known as integer) as searches_type_known,
    cast(c.searches_in_preferred_type as integer) as searches_in_preferred_type,
    cast(c.searches_foster_preferred as integer) as searches_foster_preferred,
    cast(c.searches_fallback as integer) as searches_fallback,
    cast(c.searches_place_known as integer) as searches_place_known,
    cast(c.searches_in_preferred_place as integer) as searches_in_preferred_place,
    cast(c.searches_siblings_known as integer) as searches_siblings_known,
    cast(c.searches_with_siblings as integer) as searches_with_siblings,
    cast(c.placements as integer) as placements,
    case when c.placements >= 8 then round(c.median_cost, 2) end as median_weekly_cost
from counted as c
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and c.authority_code = a.authority_code
