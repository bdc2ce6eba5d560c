-- In-house fostering, gains and losses in the quarter, typed, from the returns in force; approval types as in staging.in_house_fostering.
-- grain: submission_id, sheet, row_number
-- kind: view
select
    r.submission_id,
    r.census_date,
    r.sender,
    r.sheet,
    r.row_number,
    case
        when position('connected' in lower(r.approval_type)) > 0 or position('kin' in lower(r.approval_type)) > 0
            or position('relative' in lower(r.approval_type)) > 0
            or position('family and friends' in lower(r.approval_type)) > 0 or position('temporary' in lower(r.approval_type)) > 0
            then 'Connected persons'
        when position('short break' in lower(r.approval_type)) > 0 or position('respite' in lower(r.approval_type)) > 0 then 'Short breaks'
        when position('mainstream' in lower(r.approval_type)) > 0 or position('general' in lower(r.approval_type)) > 0 then 'Mainstream'
        else 'Other'
    end as approval_type,
    cast(r.households_at_start as integer) as households_at_start,
    cast(r.enquiries as integer) as enquiries,
    cast(r.applications as integer) as applications,
    cast(r.approvals as integer) as approvals,
    cast(r.transfers_in as integer) as transfers_in,
    cast(r.transfers_out as integer) as transfers_out,
    cast(r.ended_retired as integer) as ended_retired,
    cast(r.ended_moved_agency as integer) as ended_moved_agency,
    cast(r.ended_permanence as integer) as ended_permanence,
    cast(r.ended_standards as integer) as ended_standards,
    cast(r.ended_other as integer) as ended_other,
    cast(r.places_gained as integer) as places_gained,
    cast(r.places_lost as integer) as places_lost,
    cast(r.na_carer_break as integer) as na_carer_break,
    cast(r.na_health as integer) as na_health,
    cast(r.na_matching as integer) as na_matching,
    cast(r.na_review as integer) as na_review,
    cast(r.na_other as integer) as na_other,
    cast(r.approved_babies as integer) as approved_babies,
    cast(r.approved_five_to_ten as integer) as approved_five_to_ten,
    cast(r.approved_eleven_up as integer) as approved_eleven_up,
    cast(r.approved_siblings as integer) as approved_siblings,
    cast(r.approved_unaccompanied as integer) as approved_unaccompanied
from raw.fostering_gains as r
inner join raw.submission_table as t
    on r.submission_id = t.submission_id
    and t.table_name = 'fostering_gains'
    and t.status = 'in force'
where r.fate = 'loaded'
