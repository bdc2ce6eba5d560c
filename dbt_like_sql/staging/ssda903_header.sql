-- The SSDA903's header, typed, from the returns in force: children with sex, ethnicity and month of birth.
-- grain: submission_id, sheet, row_number
-- kind: view
select
    r.submission_id,
    r.census_date,
    r.sender,
    r.sheet,
    r.row_number,
    r.authority_code,
    r.child_key,
    r.sex,
    r.birth_month,
    cast(r.age as integer) as age,
    r.ethnic,
    r.year
from raw.ssda903_header as r
inner join raw.submission_table as t
    on r.submission_id = t.submission_id
    and t.table_name = 'ssda903_header'
    and t.status = 'in force'
where r.fate = 'loaded'
