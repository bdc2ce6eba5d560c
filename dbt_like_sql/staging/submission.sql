-- Every table of every submission, with its version, status and books.
-- grain: submission_id, table_name
-- kind: view
select
    s.submission_id,
    t.table_name,
    s.census_date,
    s.sender,
    s.file_name,
    s.content_hash,
    s.received_at,
    t.version,
    t.status,
    t.rows_received,
    t.rows_loaded,
    t.rows_rejected,
    t.rows_set_aside
from raw.submission as s
inner join raw.submission_table as t
    on s.submission_id = t.submission_id
