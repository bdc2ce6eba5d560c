-- In-house fostering, typed, from the returns in force. Approval types are four: mainstream, connected persons (relatives and friends), short
-- breaks (respite), and other.
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
    cast(r.households as integer) as households,
    cast(r.approved_places as integer) as approved_places,
    cast(r.children_placed as integer) as children_placed,
    cast(r.vacant_places as integer) as vacant_places,
    cast(r.not_available_places as integer) as not_available_places
from raw.in_house_fostering as r
inner join raw.submission_table as t
    on r.submission_id = t.submission_id
    and t.table_name = 'in_house_fostering'
    and t.status = 'in force'
where r.fate = 'loaded'
