-- The provider census's settings, typed, from the returns in force.
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
    r.provision_type,
    r.service_category,
    r.sa_category,
    r.host_local_authority as host_authority_code,
    r.framework,
    r.lot,
    cast(r.registered_places as integer) as registered_places,
    cast(r.occupied_places as integer) as occupied_places,
    cast(r.vacant_places as integer) as vacant_places,
    cast(r.unavailable_places as integer) as unavailable_places,
    r.unavailable_reason,
    cast(r.households as integer) as households,
    cast(r.min_age as integer) as min_age,
    cast(r.max_age as integer) as max_age,
    r.gender_accepted,
    cast(r.referrals_received as integer) as referrals_received,
    cast(r.offers_made as integer) as offers_made,
    r.district_code,
    cast(r.sector_easting as integer) as sector_easting,
    cast(r.sector_northing as integer) as sector_northing
from raw.provider_settings as r
inner join raw.submission_table as t
    on r.submission_id = t.submission_id
    and t.table_name = 'provider_settings'
    and t.status = 'in force'
where r.fate = 'loaded'
