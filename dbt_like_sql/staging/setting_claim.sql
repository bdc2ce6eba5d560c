-- Who has returned which setting for which census date, in a version that was accepted, and when that first arrived.
-- By it one sender keeps a setting that another returns later (`core.setting_return`).
-- grain: census_date, urn, host_authority_code, sender
-- kind: view
select
    r.census_date,
    r.urn,
    r.host_local_authority as host_authority_code,
    r.sender,
    min(s.received_at) as first_arrived_at,
    bool_or(t.status = 'in force') as is_in_force
from raw.provider_settings as r
inner join raw.submission as s
    on r.submission_id = s.submission_id
inner join raw.submission_table as t
    on r.submission_id = t.submission_id
    and t.table_name = 'provider_settings'
    and t.status in ('in force', 'superseded')
where r.fate = 'loaded'
group by
    r.census_date,
    r.urn,
    r.host_local_authority,
    r.sender
