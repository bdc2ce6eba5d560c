-- Settings and their owners over time, from the register's lists: one row while name, owner, type, status and places stay the same.
-- A row runs from the census date on which it was first seen to the day before the next differing one; valid_to is blank
-- while it is in the newest list. A setting that leaves and comes back has a gap.
-- grain: urn, host_authority_code, valid_from
-- kind: view
with listed as (
    select
        s.census_date,
        dense_rank() over (order by s.census_date) as list_number,
        s.urn,
        s.host_authority_code,
        s.provision_type,
        s.setting_name,
        s.provider_name,
        s.sector,
        s.registration_status,
        s.places,
        s.premises
    from core.setting as s
),

numbered as (
    select
        l.census_date,
        l.list_number,
        l.urn,
        l.host_authority_code,
        l.provision_type,
        l.setting_name,
        l.provider_name,
        l.sector,
        l.registration_status,
        l.places,
        l.premises,
        l.list_number - row_number() over (
            partition by l.urn, l.host_authority_code, l.provision_type, l.setting_name, l.provider_name,
            l.sector, l.registration_status, l.places, l.premises
            order by l.census_date
        ) as spell
    from listed as l
),

spells as (
    select
        n.urn,
        n.host_authority_code,
        n.provision_type,
        n.setting_name,
        n.provider_name,
        n.sector,
        n.registration_status,
        n.places,
        n.premises,
        min(n.census_date) as valid_from,
        max(n.list_number) as last_list
    from numbered as n
    group by
        n.urn,
        n.host_authority_code,
        n.provision_type,
        n.setting_name,
        n.provider_name,
        n.sector,
        n.registration_status,
        n.places,
        n.premises,
        n.spell
),

lists as (
    select distinct
        l.list_number,
        l.census_date
    from listed as l
)

select
    s.urn,
    s.host_authority_code,
    s.valid_from,
    cast(following.census_date - 1 as date) as valid_to,
    s.provision_type,
    s.setting_name,
    s.provider_name,
    s.sector,
    s.registration_status,
    s.places,
    s.premises
from spells as s
left join lists as following
    on following.list_number = s.last_list + 1
