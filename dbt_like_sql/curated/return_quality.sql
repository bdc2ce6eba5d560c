-- How each sender's return came in: the version in force, or the newest one where none was accepted, with its books and warnings.
-- Rows received = loaded + rejected + set aside, always. Of official statistics many files are in force at once: their rows are added up, and the
-- rest is the newest's. Days late count from the region's deadline after the census date.
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
        case
            when s.status = 'in force'
                then sum(s.rows_received) over (partition by s.sender, s.table_name, s.status)
            else s.rows_received
        end as rows_received,
        case
            when s.status = 'in force'
                then sum(s.rows_loaded) over (partition by s.sender, s.table_name, s.status)
            else s.rows_loaded
        end as rows_loaded,
        case
            when s.status = 'in force'
                then sum(s.rows_rejected) over (partition by s.sender, s.table_name, s.status)
            else s.rows_rejected
        end as rows_rejected,
        case
            when s.status = 'in force'
                then sum(s.rows_set_aside) over (partition by s.sender, s.table_name, s.status)
            else s.rows_set_aside
        end as rows_set_aside,
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
    cast(r.rows_received as integer) as rows_received,
    cast(r.rows_loaded as integer) as rows_loaded,
    cast(r.rows_rejected as integer) as rows_rejected,
    cast(r.rows_set_aside as integer) as rows_set_aside,
    coalesce(w.warnings, cast('{}' as jsonb)) as warnings,
    greatest(0, cast(cast(r.received_at at time zone 'UTC' as date) - r.census_date as integer) - d.days) as days_late
from ranked as r
cross join deadline as d
left join warned as w
    on r.submission_id = w.submission_id
    and r.table_name = w.table_name
where r.position = 1
