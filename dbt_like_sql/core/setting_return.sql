-- What the providers say of each setting on the census date: one row a URN in an authority, premises summed.
-- A home (not premises of supported accommodation, not fostering) is one row a return: of several the intake leaves the last to count.
-- Where two senders return the same setting, the sender of record's counts, however late the other's comes: the one that the
-- region has decided for; else who returned it in the latest quarter before; of several, or where none did, whose first return
-- of it arrived first, superseded or not (`rests_on` in `building.py` has those too). The register's provision type comes before
-- the return's (an authority's own fostering service stays
-- in-house); a setting unknown to the register keeps its own and is marked. Fostering agencies are known by URN alone: their
-- register entry is an office.
-- grain: census_date, urn, host_authority_code
with claims as (
    select
        c.urn,
        c.host_authority_code,
        c.sender,
        min(c.first_arrived_at) as first_arrived_at,
        max(case when c.census_date < cast(:census_date as date) then c.census_date end) as last_returned
    from staging.setting_claim as c
    where
        c.census_date <= cast(:census_date as date)
        and (c.is_in_force or c.census_date = cast(:census_date as date))
        and c.census_date > cast(:census_date as date) - interval '37 months'
    group by
        c.urn,
        c.host_authority_code,
        c.sender
),

decisions as (
    select
        d.urn,
        d.host_authority_code,
        d.sender,
        row_number() over (partition by d.urn, d.host_authority_code order by d.census_date desc) as position
    from staging.setting_decision as d
    where d.census_date <= cast(:census_date as date)
),

received as (
    select
        s.census_date,
        s.urn,
        s.host_authority_code,
        s.sender,
        s.submission_id,
        s.setting_name,
        s.provision_type,
        s.service_category,
        s.sa_category,
        s.framework,
        s.lot,
        s.registered_places,
        s.occupied_places,
        s.vacant_places,
        s.unavailable_places,
        s.unavailable_reason,
        s.households,
        s.min_age,
        s.max_age,
        s.gender_accepted,
        s.referrals_received,
        s.offers_made,
        b.received_at,
        dense_rank() over (
            partition by s.urn, s.host_authority_code
            order by
                case when d.sender = s.sender then 0 else 1 end asc,
                c.last_returned desc nulls last,
                coalesce(c.first_arrived_at, b.received_at) asc,
                s.sender asc
        ) as position
    from staging.provider_settings as s
    inner join staging.submission as b
        on s.submission_id = b.submission_id
        and b.table_name = 'provider_settings'
    left join claims as c
        on s.urn = c.urn
        and s.host_authority_code = c.host_authority_code
        and s.sender = c.sender
    left join decisions as d
        on s.urn = d.urn
        and s.host_authority_code = d.host_authority_code
        and d.position = 1
    where s.census_date = cast(:census_date as date)
),

summed as (
    select
        r.census_date,
        r.urn,
        r.host_authority_code,
        min(r.sender) as sender,
        min(r.submission_id) as submission_id,
        min(r.received_at) as received_at,
        min(r.setting_name) as setting_name,
        min(r.provision_type) as provision_type,
        min(r.service_category) as service_category,
        string_agg(distinct r.sa_category, ', ' order by r.sa_category) as sa_category,
        string_agg(distinct r.framework, ', ' order by r.framework) as framework,
        string_agg(distinct r.lot, ', ' order by r.lot) as lot,
        cast(count(*) as integer) as premises_returned,
        cast(sum(r.registered_places) as integer) as registered_places,
        cast(sum(r.occupied_places) as integer) as occupied_places,
        cast(sum(r.vacant_places) as integer) as vacant_places,
        cast(sum(r.unavailable_places) as integer) as unavailable_places,
        string_agg(distinct r.unavailable_reason, ', ' order by r.unavailable_reason) as unavailable_reason,
        cast(sum(r.households) as integer) as households,
        min(r.min_age) as min_age,
        max(r.max_age) as max_age,
        case
            when count(distinct r.gender_accepted) > 1 then 'Any'
            else min(r.gender_accepted)
        end as gender_accepted,
        cast(sum(r.referrals_received) as integer) as referrals_received,
        cast(sum(r.offers_made) as integer) as offers_made
    from received as r
    where r.position = 1
    group by
        r.census_date,
        r.urn,
        r.host_authority_code
),

agencies as (
    select distinct s.urn
    from core.setting as s
    where
        s.census_date = cast(:census_date as date)
        and s.provision_type = 'Independent fostering'
)

select
    s.census_date,
    s.urn,
    s.host_authority_code,
    s.sender,
    s.submission_id,
    s.received_at,
    s.setting_name,
    case
        when k.has_premises then g.provision_type
        when a.urn is not null and s.provision_type <> 'In-house fostering' then 'Independent fostering'
        else s.provision_type
    end as provision_type,
    s.service_category,
    s.sa_category,
    s.framework,
    s.lot,
    s.premises_returned,
    s.registered_places,
    s.occupied_places,
    s.vacant_places,
    s.unavailable_places,
    s.unavailable_reason,
    s.households,
    s.min_age,
    s.max_age,
    s.gender_accepted,
    s.referrals_received,
    s.offers_made,
    k.provision_type is not null or a.urn is not null as known_to_register,
    g.places as register_places
from summed as s
left join core.setting as g
    on s.census_date = g.census_date
    and s.urn = g.urn
    and s.host_authority_code = g.host_authority_code
left join staging.provision_type as k
    on g.provision_type = k.provision_type
left join agencies as a
    on s.urn = a.urn
