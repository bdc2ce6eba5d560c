-- An authority's placements on the census date, from its placement census: one row a child or young person.
-- From 2025-12 the return no longer names the host authority: for a child whom the authority's SSDA903 of the date has, it
-- is the one in which that return's postcode of the placement lies; only for the others the register's for the
-- establishment's URN, where that URN is in one authority, never for fostering (whose entry is an office); else UNKNOWN,
-- counted as such. Where both this return and the SSDA903 have a child, core.own_placement goes by the SSDA903 alone.
-- A placement in a home or agency that the register says is an authority's own is in-house if it is the placing authority's
-- (by the owner's name, else by where it is), else another authority's: that is not in-house, and carers of another
-- authority are of the provision type Other, as under PLACE_PROVIDER PR2 of the SSDA903.
-- grain: census_date, submission_id, sheet, row_number
with returned as (
    select
        c.submission_id,
        c.census_date,
        c.sheet,
        c.row_number,
        c.placing_authority_code,
        c.child_key,
        c.looked_after_child,
        c.age,
        c.gender,
        c.ethnic_group,
        c.uasc,
        c.sourcing_route,
        c.organisation,
        c.provider_urn,
        c.establishment,
        c.establishment_urn,
        c.host_authority_code,
        c.type_of_provision,
        c.placement_start_date,
        c.total_weekly_cost,
        c.contribution_social_care,
        c.contribution_education,
        c.contribution_health,
        c.registration_type,
        c.distance_reason,
        c.deprivation_of_liberty,
        c.solo_placement,
        t.provision_type,
        t.arrangement,
        t.mark,
        t.in_house_by_register
    from staging.placement_census as c
    inner join staging.type_of_provision as t
        on c.type_of_provision = t.type_of_provision
    where c.census_date = cast(:census_date as date)
),

by_urn as (
    select
        s.urn,
        min(s.host_authority_code) as host_authority_code,
        min(s.provision_type) as provision_type,
        min(s.sector) as sector,
        min(s.provider_name) as provider_name,
        count(*) as authorities
    from core.setting as s
    where s.census_date = cast(:census_date as date)
    group by s.urn
),

-- Homes and agencies of authorities, with the authority that each belongs to.
of_authorities as (
    select
        u.urn,
        coalesce(
            min(a.authority_code),
            min(case when u.authorities = 1 and u.host_authority_code <> 'UNKNOWN' then u.host_authority_code end)
        ) as owner_code
    from by_urn as u
    left join core.authority as a
        on a.census_date = cast(:census_date as date)
        and position(
            concat(lower(replace(a.authority_name, '.', '')), ' ') in concat(lower(replace(u.provider_name, '.', '')), ' ')
        ) = 1
    where u.sector = 'Local Authority'
    group by u.urn
),

by_903 as (
    select
        c.authority_code,
        c.child_key,
        c.placement_authority_code
    from core.child as c
    where c.census_date = cast(:census_date as date)
),

matched as (
    select
        r.submission_id,
        r.census_date,
        r.sheet,
        r.row_number,
        r.placing_authority_code,
        r.child_key,
        r.looked_after_child,
        r.age,
        r.gender,
        r.ethnic_group,
        r.uasc,
        r.sourcing_route,
        r.organisation,
        r.provider_urn,
        r.establishment,
        r.establishment_urn,
        r.host_authority_code as host_by_return,
        case
            when
                e.authorities = 1
                and e.host_authority_code <> 'UNKNOWN'
                and e.provision_type <> 'Independent fostering'
                and r.provision_type not in ('Independent fostering', 'In-house fostering')
                then e.host_authority_code
        end as host_by_register,
        l.child_key is not null as is_in_903,
        l.placement_authority_code as host_by_903,
        r.type_of_provision,
        r.provision_type,
        r.mark,
        case
            when not r.in_house_by_register then r.arrangement
            when r.provision_type = 'Independent fostering' and q.urn is null then r.arrangement
            when r.provision_type <> 'Independent fostering' and o.urn is null then r.arrangement
            when r.placing_authority_code = case when r.provision_type = 'Independent fostering' then q.owner_code else o.owner_code end
                then 'in-house'
            else 'other authority'
        end as arrangement,
        r.placement_start_date,
        r.total_weekly_cost,
        r.contribution_social_care,
        r.contribution_education,
        r.contribution_health,
        r.registration_type,
        r.distance_reason,
        r.deprivation_of_liberty,
        r.solo_placement
    from returned as r
    left join by_urn as e
        on r.establishment_urn = e.urn
    left join of_authorities as o
        on r.establishment_urn = o.urn
    left join of_authorities as q
        on r.provider_urn = q.urn
    left join by_903 as l
        on r.placing_authority_code = l.authority_code
        and r.child_key = l.child_key
)

select
    m.submission_id,
    m.census_date,
    m.sheet,
    m.row_number,
    m.placing_authority_code,
    m.child_key,
    m.looked_after_child = 'Looked after child (under 18)' and coalesce(m.mark, '') <> 'post 18' as is_looked_after,
    m.age,
    m.gender,
    m.ethnic_group,
    m.uasc,
    m.sourcing_route,
    m.organisation,
    m.provider_urn,
    m.establishment,
    m.establishment_urn,
    coalesce(
        m.host_by_return,
        case when m.is_in_903 then m.host_by_903 else m.host_by_register end,
        'UNKNOWN'
    ) as host_authority_code,
    case
        when m.host_by_return is not null then 'the return'
        when m.host_by_903 is not null then 'the SSDA903'
        when not m.is_in_903 and m.host_by_register is not null then 'the register'
        else 'unknown'
    end as host_known_by,
    m.type_of_provision,
    case
        when m.provision_type = 'Independent fostering' and m.arrangement = 'in-house' then 'In-house fostering'
        when m.provision_type in ('Independent fostering', 'In-house fostering') and m.arrangement = 'other authority' then 'Other'
        else m.provision_type
    end as provision_type,
    m.arrangement,
    m.placement_start_date,
    m.total_weekly_cost,
    m.contribution_social_care,
    m.contribution_education,
    m.contribution_health,
    m.registration_type,
    m.distance_reason,
    m.deprivation_of_liberty,
    m.solo_placement,
    coalesce(m.registration_type = 'Unregistered' or m.mark = 'unregistered', false) as is_unregistered,
    coalesce(m.mark = 'short breaks', false) as is_short_break
from matched as m
