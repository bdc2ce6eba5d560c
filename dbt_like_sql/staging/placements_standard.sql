-- The national Placements Standard, typed, from the returns in force: searches for homes, and what was found.
-- Of a cell that may hold several labels they are parted by semicolons. A risk that was not asked, or not answered, is blank.
-- grain: submission_id, sheet, row_number
-- kind: view
select
    r.submission_id,
    r.census_date,
    r.sender,
    r.sheet,
    r.row_number,
    r.child_key,
    r.needed_by,
    cast(r.siblings_to_place_with as integer) as siblings_to_place_with,
    cast(r.has_no_siblings as boolean) as has_no_siblings,
    cast(r.is_preferred_location_local as boolean) as is_preferred_location_local,
    r.out_of_area_reason,
    r.communication_needs,
    r.communication_requirements,
    cast(r.home_adaptation as boolean) as home_adaptation,
    r.cultural_needs,
    r.living_companions,
    r.pets,
    r.additional_support,
    cast(r.deprivation_of_liberty_order as boolean) as deprivation_of_liberty_order,
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
    cast(r.cost_core_weekly as numeric) as cost_core_weekly,
    cast(r.cost_additional_support_weekly as numeric) as cost_additional_support_weekly,
    cast(r.cost_education_weekly as numeric) as cost_education_weekly,
    cast(r.cost_other_weekly as numeric) as cost_other_weekly,
    cast(r.cost_total_weekly as numeric) as cost_total_weekly,
    r.placement_location,
    cast(r.is_location_preferred as boolean) as is_location_preferred,
    cast(r.education_continuity as boolean) as education_continuity,
    r.placed_urn,
    cast(r.siblings_placed_together as integer) as siblings_placed_together,
    r.type_placed,
    cast(r.referral_date as date) as referral_date,
    cast(r.placement_date as date) as placement_date,
    cast(r.cost_date as date) as cost_date
from raw.placements_standard as r
inner join raw.submission_table as t
    on r.submission_id = t.submission_id
    and t.table_name = 'placements_standard'
    and t.status = 'in force'
where r.fate = 'loaded'
