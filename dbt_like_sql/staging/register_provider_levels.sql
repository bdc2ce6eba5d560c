-- The register's provider level, typed, from the lists in force: providers with their latest judgement.
-- grain: submission_id, sheet, row_number
-- kind: view
select
    r.submission_id,
    r.census_date,
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
    cast(r.premises as integer) as premises,
    r.short_break_only,
    r.multi_building,
    r.provider_name,
    r.inspection_event,
    cast(r.inspection_date as date) as inspection_date,
    coalesce(r.supported_outcome, r.grade) as grade
from raw.register_provider_levels as r
inner join raw.submission_table as t
    on r.submission_id = t.submission_id
    and t.table_name = 'register_provider_levels'
    and t.status = 'in force'
where r.fate = 'loaded'
