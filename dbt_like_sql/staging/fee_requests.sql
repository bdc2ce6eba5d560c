-- Requests of providers for another weekly fee, typed, from the returns in force.
-- grain: submission_id, sheet, row_number
-- kind: view
select
    r.submission_id,
    r.census_date,
    r.sender,
    r.sheet,
    r.row_number,
    r.urn,
    r.child_key,
    cast(r.asked_on as date) as asked_on,
    cast(r.fee_asked as numeric) as fee_asked,
    cast(r.fee_agreed as numeric) as fee_agreed,
    cast(r.fee_from as date) as fee_from
from raw.fee_requests as r
inner join raw.submission_table as t
    on r.submission_id = t.submission_id
    and t.table_name = 'fee_requests'
    and t.status = 'in force'
where r.fate = 'loaded'
