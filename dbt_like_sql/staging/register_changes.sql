-- The register's leavers and joiners, typed, from the lists in force: what Ofsted says of its own year. Our own changes, from quarter to
-- quarter, are worked out from the lists themselves (curated.register_changes). left_date is the day on which it resigned, was cancelled or closed.
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
    r.sector,
    cast(r.places as integer) as places,
    r.joiner_status,
    r.leaver_status,
    r.change_reason,
    r.setting_name,
    cast(r.registration_date as date) as registration_date,
    cast(coalesce(r.resigned_date, r.cancelled_date, r.closed_date) as date) as left_date
from raw.register_changes as r
inner join raw.submission_table as t
    on r.submission_id = t.submission_id
    and t.table_name = 'register_changes'
    and t.status = 'in force'
where r.fate = 'loaded'
