-- How each sender's return came in: the version in force, or the newest one where none was accepted, with its books and warnings.
-- Rows received = loaded + rejected + set aside, always. Days late count from the region's deadline after the census date.
-- grain: census_date, sender, table_name
with ranked as (
    select
        s.submission_id,
        s.census_date,
        s.sender,
        s.table_name,
        s.received_at,
        s.version,
        s.status,
        s.rows_received,
        s.rows_loaded,
        s.rows_rejected,
        s.rows_set_aside,
        row_number() over (
            partition by s.sender, s.table_name
            order by case when s.status = 'in force' then 0 else 1 end, s.version desc, s.submission_id
        ) as position
    from staging.submission as s
    where s.census_date = cast(:census_date as date)
),

deadline as (
    select max(m.return_deadline_days) as days
    from staging.region_member as m
),

warned as (
    select
        f.submission_id,
        f.table_name,
        jsonb_object_agg(f.rule, f.findings) as warnings
    from staging.finding as f
    where f.severity = 'warns'
    group by
        f.submission_id,
        f.table_name
)

select
    r.census_date,
    r.sender,
    r.table_name,
    r.received_at,
    r.version,
    r.status,
    r.rows_received,
    r.rows_loaded,
    r.rows_rejected,
    r.rows_set_aside,
    coalesce(w.warnings, cast('{}' as jsonb)) as warnings,
    greatest(0, cast(cast(r.received_at at time zone 'UTC' as date) - r.census_date as integer) - d.days) as days_late
from ranked as r
cross join deadline as d
left join warned as w
    on r.submission_id = w.submission_id
    and r.table_name = w.table_name
where r.position = 1
