-- Of every registered setting, how much has returned: one row a URN in an authority, with the premises and the register's places that
-- its return covers. Premises have no key, so of a provider of supported accommodation that returned some of them the places covered
-- are those of the return; each premises that is missing keeps a place of its own. Fostering agencies are covered by URN: the register
-- has their office. The owner is the owner group, else the owner's text, else the setting by itself.
-- grain: census_date, urn, host_authority_code
with agencies_returned as (
    select distinct r.urn
    from core.setting_return as r
    where
        r.census_date = cast(:census_date as date)
        and r.provision_type = 'Independent fostering'
),

answered as (
    select
        g.urn,
        g.host_authority_code,
        g.provision_type,
        g.sector,
        g.size_band,
        coalesce(o.owner_group, g.provider_name, g.urn) as owner_group,
        g.premises,
        g.places,
        case
            when g.provision_type <> 'Independent fostering' then least(g.premises, coalesce(r.premises_returned, 0))
            when a.urn is not null then g.premises
            else 0
        end as premises_covered,
        r.occupied_places,
        r.vacant_places,
        r.occupied_places + r.vacant_places + r.unavailable_places as places_returned
    from core.setting as g
    inner join staging.provision_type as k
        on g.provision_type = k.provision_type
    left join core.setting_return as r
        on r.census_date = cast(:census_date as date)
        and g.urn = r.urn
        and g.host_authority_code = r.host_authority_code
        and g.provision_type <> 'Independent fostering'
    left join agencies_returned as a
        on g.urn = a.urn
    left join core.owner_group as o
        on o.census_date = cast(:census_date as date)
        and g.provider_name = o.provider_name
    where g.census_date = cast(:census_date as date)
)

select
    cast(:census_date as date) as census_date,
    a.urn,
    a.host_authority_code,
    a.provision_type,
    a.sector,
    a.size_band,
    a.owner_group,
    a.premises,
    a.places,
    cast(a.premises_covered as integer) as premises_covered,
    cast(
        case
            when a.places is null then null
            when a.premises_covered = 0 then 0
            when a.premises_covered >= a.premises then a.places
            else greatest(0, least(a.places_returned, a.places - a.premises + a.premises_covered))
        end as integer
    ) as places_covered,
    a.occupied_places,
    a.vacant_places
from answered as a
