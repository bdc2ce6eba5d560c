-- The register's inspections in the year, typed, from the lists in force. Recorded, never counted as settings.
-- grain: submission_id, sheet, row_number
-- kind: view
select
    r.submission_id,
    r.census_date,
    r.sheet,
    r.row_number,
    r.urn,
    r.provision_type as ofsted_provision_type,
    r.local_authority as host_authority_code,
    r.in_year_event,
    cast(r.inspection_date as date) as inspection_date,
    r.grade
from raw.register_inspections as r
inner join raw.submission_table as t
    on r.submission_id = t.submission_id
    and t.table_name = 'register_inspections'
    and t.status = 'in force'
where r.fate = 'loaded'
