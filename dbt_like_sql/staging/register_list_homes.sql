-- Ofsted's list to authorities, providers, typed, from the lists in force; needs that a home is registered for as one text.
-- grain: submission_id, sheet, row_number
-- kind: view
select
    r.submission_id,
    r.census_date,
    r.sender,
    r.sheet,
    r.row_number,
    r.urn,
    r.provision_type as ofsted_provision_type,
    cast(r.registration_date as date) as registration_date,
    r.registration_status,
    r.setting_name,
    r.local_authority as host_authority_code,
    r.sector,
    cast(r.places as integer) as places,
    r.placement_code,
    r.provider_name,
    r.grade,
    nullif(
        concat_ws(
            ', ',
            case when lower(coalesce(r.emotional_and_behavioural, 'no')) <> 'no' then 'Emotional and behavioural difficulties' end,
            case when lower(coalesce(r.mental_disorders, 'no')) <> 'no' then 'Mental disorders' end,
            case when lower(coalesce(r.sensory_impairment, 'no')) <> 'no' then 'Sensory impairment' end,
            case when lower(coalesce(r.alcohol_problems, 'no')) <> 'no' then 'Present alcohol problems' end,
            case when lower(coalesce(r.drug_problems, 'no')) <> 'no' then 'Present drug problems' end,
            case when lower(coalesce(r.learning_difficulty, 'no')) <> 'no' then 'Learning difficulty' end,
            case when lower(coalesce(r.physical_disabilities, 'no')) <> 'no' then 'Physical disabilities' end
        ),
        ''
    ) as needs_met,
    r.conditions,
    r.district_code,
    cast(r.sector_easting as integer) as sector_easting,
    cast(r.sector_northing as integer) as sector_northing
from raw.register_list_homes as r
inner join raw.submission_table as t
    on r.submission_id = t.submission_id
    and t.table_name = 'register_list_homes'
    and t.status = 'in force'
where r.fate = 'loaded'
