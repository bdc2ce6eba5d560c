-- What foster carers could take and do take, by the kind of approval: mainstream (the headline, as in Ofsted's figures and the strategies),
-- connected persons, short breaks, other; `Not divided` where the return does not tell them apart. Kinds are not to be added up: connected
-- carers are approved for one child. In-house: the authority's own carers, from its in-house fostering return, else from its provider census.
-- Independent: the carers who live in the authority, from the agencies' provider census; the register says nothing of them. Source says which
-- return. Shares are of the approved places; children are the filled places and may exceed the approved ones, as in Ofsted's own figures, and
-- the three parts need not make up the whole. Available places = approved - not available. A part is blank where any return that counts leaves
-- it blank.
-- grain: census_date, authority_code, provision_type, approval_type
with in_house_returns as (
    select
        f.sender as authority_code,
        f.approval_type,
        sum(f.households) as households,
        sum(f.approved_places) as approved_places,
        sum(f.children_placed) as children,
        case when count(f.vacant_places) = count(*) then sum(f.vacant_places) end as vacant_places,
        case when count(f.not_available_places) = count(*) then sum(f.not_available_places) end as not_available_places
    from staging.in_house_fostering as f
    where f.census_date = cast(:census_date as date)
    group by
        f.sender,
        f.approval_type
),

census as (
    select
        case when r.provision_type = 'In-house fostering' then coalesce(a.authority_code, r.host_authority_code) else r.host_authority_code end
            as authority_code,
        r.provision_type,
        r.urn,
        r.households,
        r.registered_places,
        r.occupied_places,
        r.vacant_places,
        r.unavailable_places
    from core.setting_return as r
    left join core.authority as a
        on r.census_date = a.census_date
        and r.sender = a.authority_code
    where
        r.census_date = cast(:census_date as date)
        and r.provision_type in ('In-house fostering', 'Independent fostering')
),

together as (
    select
        f.authority_code,
        'In-house fostering' as provision_type,
        f.approval_type,
        'in-house fostering return' as source,
        1 as agencies,
        f.households,
        f.approved_places,
        f.children,
        f.vacant_places,
        f.not_available_places
    from in_house_returns as f
    union all
    select
        c.authority_code,
        c.provision_type,
        'Not divided' as approval_type,
        'provider census' as source,
        count(distinct c.urn) as agencies,
        case when count(c.households) = count(*) then sum(c.households) end as households,
        sum(c.registered_places) as approved_places,
        sum(c.occupied_places) as children,
        sum(c.vacant_places) as vacant_places,
        sum(c.unavailable_places) as not_available_places
    from census as c
    where
        c.provision_type <> 'In-house fostering'
        or not exists (select 1 as found from in_house_returns as f where f.authority_code = c.authority_code)
    group by
        c.authority_code,
        c.provision_type
)

select
    cast(:census_date as date) as census_date,
    t.authority_code,
    a.authority_gss,
    coalesce(a.authority_name, t.authority_code) as authority_name,
    t.provision_type,
    t.approval_type,
    t.source,
    cast(t.agencies as integer) as agencies,
    cast(t.households as integer) as households,
    cast(t.approved_places as integer) as approved_places,
    cast(t.children as integer) as children_placed,
    cast(t.vacant_places as integer) as vacant_places,
    cast(t.not_available_places as integer) as not_available_places,
    cast(t.approved_places - t.not_available_places as integer) as available_places,
    round(cast(t.children as numeric) / nullif(t.households, 0), 6) as children_per_household,
    round(cast(t.children as numeric) / nullif(t.approved_places, 0), 6) as filled_share,
    round(cast(t.vacant_places as numeric) / nullif(t.approved_places, 0), 6) as vacant_share,
    round(cast(t.not_available_places as numeric) / nullif(t.approved_places, 0), 6) as not_available_share
from together as t
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and t.authority_code = a.authority_code
