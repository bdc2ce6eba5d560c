-- The provider census's placements, typed, from the returns in force.
-- grain: submission_id, sheet, row_number
-- kind: view
select
    r.submission_id,
    r.census_date,
    r.sender,
    r.sheet,
    r.row_number,
    r.urn,
    r.placing_local_authority as placing_authority_code,
    cast(r.placement_start_date as date) as placement_start_date,
    cast(r.age as integer) as age,
    cast(r.weekly_fee as numeric) as weekly_fee,
    r.sourcing_route,
    cast(r.notice_given as boolean) as notice_given,
    r.host_local_authority as host_authority_code
from raw.provider_placements as r
inner join raw.submission_table as t
    on r.submission_id = t.submission_id
    and t.table_name = 'provider_placements'
    and t.status = 'in force'
where r.fate = 'loaded'
