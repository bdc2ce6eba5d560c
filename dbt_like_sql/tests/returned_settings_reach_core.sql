-- Every setting that a provider returned is in core.setting_return with the places of its premises, summed; of two senders of one
-- setting, with those of the one that counts. A failure means that places are lost or counted twice: compare the sums below.
-- checks: core.setting_return
-- severity: blocks
with sent as (
    select
        s.urn,
        s.host_authority_code,
        s.sender,
        count(*) as premises,
        sum(s.registered_places) as registered,
        sum(s.occupied_places) as occupied,
        sum(s.vacant_places) as vacant,
        sum(s.unavailable_places) as unavailable
    from staging.provider_settings as s
    where s.census_date = cast(:census_date as date)
    group by
        s.urn,
        s.host_authority_code,
        s.sender
),

core_rows as (
    select
        r.urn,
        r.host_authority_code,
        r.sender,
        r.premises_returned,
        r.registered_places,
        r.occupied_places,
        r.vacant_places,
        r.unavailable_places
    from core.setting_return as r
    where r.census_date = cast(:census_date as date)
)

select
    s.urn,
    s.host_authority_code,
    'returned, and not in core' as fault
from sent as s
left join core_rows as c
    on s.urn = c.urn
    and s.host_authority_code = c.host_authority_code
where c.urn is null
union all
select
    c.urn,
    c.host_authority_code,
    'in core, with other places than returned' as fault
from core_rows as c
left join sent as s
    on c.urn = s.urn
    and c.host_authority_code = s.host_authority_code
    and c.sender = s.sender
where
    s.urn is null
    or c.premises_returned <> s.premises
    or c.registered_places is distinct from s.registered
    or c.occupied_places is distinct from s.occupied
    or c.vacant_places is distinct from s.vacant
    or c.unavailable_places is distinct from s.unavailable
