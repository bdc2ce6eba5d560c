-- Findings by submission, table and rule.
-- grain: submission_id, table_name, rule, severity
-- kind: view
select
    f.submission_id,
    f.table_name,
    f.rule,
    f.severity,
    cast(count(*) as integer) as findings
from raw.finding as f
group by
    f.submission_id,
    f.table_name,
    f.rule,
    f.severity
