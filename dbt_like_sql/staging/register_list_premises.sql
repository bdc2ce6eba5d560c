-- Ofsted's list to authorities, supported accommodation premises, typed, from the lists in force.
-- grain: submission_id, sheet, row_number
-- kind: view
select
    r.submission_id,
    r.census_date,
    r.sender,
    r.sheet,
    r.row_number,
    r.urn,
    r.setting_name,
    cast(r.registration_date as date) as registration_date,
    r.registration_status,
    r.sa_category,
    cast(r.places as integer) as places,
    r.local_authority as host_authority_code,
    r.sector,
    r.provider_name,
    r.district_code,
    cast(r.sector_easting as integer) as sector_easting,
    cast(r.sector_northing as integer) as sector_northing
from raw.register_list_premises as r
inner join raw.submission_table as t
    on r.submission_id = t.submission_id
    and t.table_name = 'register_list_premises'
    and t.status = 'in force'
where r.fate = 'loaded'
