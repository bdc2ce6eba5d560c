-- Who owns a provider in the end, from the file in force: one row a URN.
-- grain: submission_id, sheet, row_number
-- kind: view
select
    r.submission_id,
    r.census_date,
    r.sender,
    t.version,
    r.sheet,
    r.row_number,
    r.urn,
    r.ultimate_owner
from raw.ultimate_owners as r
inner join raw.submission_table as t
    on r.submission_id = t.submission_id
    and t.table_name = 'ultimate_owners'
    and t.status = 'in force'
where r.fate = 'loaded'
