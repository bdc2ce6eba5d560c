-- The regional placement census, typed, from the returns in force.
-- grain: submission_id, sheet, row_number
-- kind: view
select
    r.submission_id,
    r.census_date,
    r.sender,
    r.sheet,
    r.row_number,
    r.looked_after_child,
    r.placing_authority as placing_authority_code,
    r.child_key,
    cast(r.age as integer) as age,
    r.gender,
    r.sourcing_route,
    r.organisation,
    r.provider_urn,
    r.establishment,
    r.host_authority as host_authority_code,
    r.type_of_provision,
    cast(r.uasc as boolean) as uasc,
    cast(r.total_weekly_cost as numeric) as total_weekly_cost,
    cast(r.contribution_social_care as numeric) as contribution_social_care,
    cast(r.contribution_education as numeric) as contribution_education,
    cast(r.contribution_health as numeric) as contribution_health,
    r.ethnic_group,
    cast(r.placement_start_date as date) as placement_start_date,
    r.registration_type,
    r.establishment_urn,
    r.distance_reason,
    r.company_number,
    cast(r.additional_packages as boolean) as additional_packages,
    r.deprivation_of_liberty,
    r.solo_placement
from raw.placement_census as r
inner join raw.submission_table as t
    on r.submission_id = t.submission_id
    and t.table_name = 'placement_census'
    and t.status = 'in force'
where r.fate = 'loaded'
