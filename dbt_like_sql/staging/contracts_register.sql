-- The contracts register, typed, from the returns in force.
-- grain: submission_id, sheet, row_number
-- kind: view
select
    r.submission_id,
    r.census_date,
    r.sender,
    r.sheet,
    r.row_number,
    r.contract_provider,
    r.framework,
    r.lot,
    cast(r.contract_start as date) as contract_start,
    cast(r.contract_end as date) as contract_end,
    cast(r.contract_break as date) as contract_break,
    cast(r.contract_review as date) as contract_review
from raw.contracts_register as r
inner join raw.submission_table as t
    on r.submission_id = t.submission_id
    and t.table_name = 'contracts_register'
    and t.status = 'in force'
where r.fate = 'loaded'
