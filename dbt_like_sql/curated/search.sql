-- Searches for a home and what was found, from the national Placements Standard, one row a search: an authority's own rows only,
-- never to be published. A home was found where the return tells anything of it (its kind, place, number, fee or siblings): a date alone does not.
-- Days run from the referral to the placement's date, blank where that is before it. Age and sex are those of the SSDA903's header of the date, by
-- the child's key. Of the kinds of home the preferred ones are those that the social worker marked so: whether the child came to one of them is
-- blank where none is marked; a fallback is residential care where foster care alone was preferred. With siblings: as many as the child
-- should live with were placed together; blank where that is none, or not known. Where the home is is known by an outward
-- postcode alone: the authority that has most of it, with its share, and always approximate. Distance from home is that of the SSDA903's placement,
-- where the child has one that began in or after the search, and this is its newest search. A risk that was not asked or answered is no "no": it
-- is counted apart. The answer on education is left out: its question can be read both ways (staging.placements_standard has it).
-- A home is in the register where its number is among the URNs of the date's register: without a number it is not, and where no register is
-- held it is blank.
-- grain: census_date, authority_code, search_number
with returned as (
    select
        r.sender as authority_code,
        row_number() over (partition by r.sender order by r.submission_id, r.sheet, r.row_number) as search_number,
        coalesce(
            r.type_placed is not null
            or r.cost_total_weekly is not null
            or r.placement_location is not null
            or r.is_location_preferred is not null
            or r.education_continuity is not null
            or r.placed_urn is not null
            or r.siblings_placed_together is not null,
            false
        ) as is_placed,
        r.child_key,
        r.referral_date,
        r.placement_date,
        r.needed_by,
        r.siblings_to_place_with,
        r.has_no_siblings,
        r.is_preferred_location_local,
        r.out_of_area_reason,
        r.communication_needs,
        r.communication_requirements,
        r.home_adaptation,
        r.cultural_needs,
        r.living_companions,
        r.pets,
        r.additional_support,
        r.deprivation_of_liberty_order,
        r.foster_care_suitability,
        r.residential_care_suitability,
        r.supported_accommodation_suitability,
        r.risk_self_harm,
        r.risk_criminal_exploitation,
        r.risk_drugs_and_alcohol,
        r.risk_eating_disorder,
        r.risk_going_missing,
        r.risk_sexual_exploitation,
        r.risk_to_others_physical_harm,
        r.risk_to_others_sexual_harm,
        r.risk_to_others_fire_setting,
        r.risk_to_others_harm_to_animals,
        r.risk_to_others_criminal_exploitation,
        r.cost_core_weekly,
        r.cost_additional_support_weekly,
        r.cost_education_weekly,
        r.cost_other_weekly,
        r.cost_total_weekly,
        r.placement_location,
        r.is_location_preferred,
        r.placed_urn,
        r.siblings_placed_together,
        r.type_placed
    from staging.placements_standard as r
    where r.census_date = cast(:census_date as date)
),

searches as (
    select
        r.authority_code,
        r.search_number,
        r.is_placed,
        case when r.is_placed then r.placement_date end as placed_on,
        case r.type_placed
            when 'Foster' then r.foster_care_suitability
            when 'Residential' then r.residential_care_suitability
            when 'Supported Accommodation' then r.supported_accommodation_suitability
        end as suitability_of_type,
        case
            when 'Preferred' in (r.foster_care_suitability, r.residential_care_suitability, r.supported_accommodation_suitability) then true
            else false
        end as prefers_a_type,
        row_number() over (
            partition by r.authority_code, r.child_key
            order by r.is_placed desc, r.referral_date desc nulls last, r.search_number desc
        ) as newest_of_child
    from returned as r
),

registered as (
    select distinct p.urn
    from core.premises as p
    where p.census_date = cast(:census_date as date)
),

headers as (
    select
        h.authority_code,
        h.child_key,
        max(h.age) as age,
        min(h.sex) as sex
    from staging.ssda903_header as h
    where h.census_date = cast(:census_date as date)
    group by
        h.authority_code,
        h.child_key
),

asked as (
    select
        r.authority_code,
        r.search_number,
        sum(case when v.risk = 'Risk Present' then 1 else 0 end) as risks_present,
        sum(case when v.risk is null then 1 else 0 end) as risks_not_asked
    from (
        select
            r.authority_code,
            r.search_number,
            n.risk_number,
            case n.risk_number
                when 1 then r.risk_self_harm
                when 2 then r.risk_criminal_exploitation
                when 3 then r.risk_drugs_and_alcohol
                when 4 then r.risk_eating_disorder
                when 5 then r.risk_going_missing
                when 6 then r.risk_sexual_exploitation
                when 7 then r.risk_to_others_physical_harm
                when 8 then r.risk_to_others_sexual_harm
                when 9 then r.risk_to_others_fire_setting
                when 10 then r.risk_to_others_harm_to_animals
                else r.risk_to_others_criminal_exploitation
            end as risk
        from returned as r
        cross join (values (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11)) as n (risk_number)
    ) as v
    inner join returned as r
        on v.authority_code = r.authority_code
        and v.search_number = r.search_number
    group by
        r.authority_code,
        r.search_number
)

select
    cast(:census_date as date) as census_date,
    r.authority_code,
    a.authority_gss,
    coalesce(a.authority_name, r.authority_code) as authority_name,
    cast(r.search_number as integer) as search_number,
    r.child_key,
    h.age,
    coalesce(h.sex, 'Unknown') as sex,
    r.referral_date,
    r.needed_by,
    r.needed_by = 'Today' as is_emergency,
    s.is_placed,
    s.placed_on,
    case when s.placed_on >= r.referral_date then cast(s.placed_on - r.referral_date as integer) end as days_to_placement,
    r.foster_care_suitability,
    r.residential_care_suitability,
    r.supported_accommodation_suitability,
    r.type_placed,
    case
        when s.prefers_a_type and r.type_placed is not null then coalesce(s.suitability_of_type = 'Preferred', false)
    end as placed_in_preferred_type,
    case
        when r.type_placed is not null and r.foster_care_suitability = 'Preferred'
            then r.type_placed = 'Residential' and coalesce(r.residential_care_suitability, '') <> 'Preferred'
    end as is_fallback_to_residential,
    r.is_preferred_location_local,
    r.out_of_area_reason,
    r.is_location_preferred,
    r.siblings_to_place_with,
    r.has_no_siblings,
    r.siblings_placed_together,
    case when s.is_placed and r.siblings_to_place_with > 0 then r.siblings_placed_together >= r.siblings_to_place_with end as placed_with_siblings,
    r.placement_location,
    o.authority_code as main_authority_code,
    m.authority_name as main_authority_name,
    o.authority_share,
    case when o.outward_code is not null then true end as place_is_approximate,
    case
        when not s.is_placed then null
        when o.authority_code is null then 'unknown'
        when o.authority_code = r.authority_code then 'in_area'
        when a.sub_region_name = m.sub_region_name then 'sub_region'
        else 'elsewhere'
    end as location_band,
    c.provision_type,
    c.distance_miles,
    case
        when not s.is_placed then null
        when coalesce(c.distance_miles, 999.9) = 999.9 then 'not known or not recorded'
        when c.distance_miles <= 20 then '20 miles or less'
        else 'more than 20 miles'
    end as distance_band,
    r.communication_needs,
    r.communication_requirements,
    r.home_adaptation,
    r.cultural_needs,
    r.living_companions,
    r.pets,
    r.additional_support,
    r.deprivation_of_liberty_order,
    r.risk_self_harm,
    r.risk_criminal_exploitation,
    r.risk_drugs_and_alcohol,
    r.risk_eating_disorder,
    r.risk_going_missing,
    r.risk_sexual_exploitation,
    r.risk_to_others_physical_harm,
    r.risk_to_others_sexual_harm,
    r.risk_to_others_fire_setting,
    r.risk_to_others_harm_to_animals,
    r.risk_to_others_criminal_exploitation,
    cast(k.risks_present as integer) as risks_present,
    cast(k.risks_not_asked as integer) as risks_not_asked,
    r.cost_core_weekly,
    r.cost_additional_support_weekly,
    r.cost_education_weekly,
    r.cost_other_weekly,
    r.cost_total_weekly,
    r.placed_urn,
    case when s.is_placed and u.is_held then g.urn is not null end as placed_in_register
from returned as r
inner join searches as s
    on r.authority_code = s.authority_code
    and r.search_number = s.search_number
inner join asked as k
    on r.authority_code = k.authority_code
    and r.search_number = k.search_number
left join headers as h
    on r.authority_code = h.authority_code
    and r.child_key = h.child_key
cross join (
    select count(*) > 0 as is_held
    from registered as g
) as u
left join registered as g
    on r.placed_urn = g.urn
left join staging.outward_code as o
    on r.placement_location = o.outward_code
left join core.child as c
    on c.census_date = cast(:census_date as date)
    and r.authority_code = c.authority_code
    and r.child_key = c.child_key
    and s.is_placed
    and s.newest_of_child = 1
    and c.placement_start >= r.referral_date
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and r.authority_code = a.authority_code
left join core.authority as m
    on m.census_date = cast(:census_date as date)
    and o.authority_code = m.authority_code
