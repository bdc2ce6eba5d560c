-- An authority's placements on the census date, from its placement census: one row a child or young person.
-- From 2025-12 the return no longer names the host authority: it is the register's for the establishment's URN where
-- that URN stands in one authority, never for fostering (whose entry is an office), else that of the placement's postcode
-- in the authority's SSDA903 of the date, else UNKNOWN, counted as such.
-- A placement in an authority's own home or agency, by the register, is in-house.
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
        count(*) as authorities
    from core.setting as s
    where s.census_date = cast(:census_date as date)
    group by s.urn
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
        l.placement_authority_code as host_by_903,
        r.type_of_provision,
        r.provision_type,
        r.mark,
        case
            when not r.in_house_by_register then r.arrangement
            when r.provision_type = 'Independent fostering' and p.sector = 'Local Authority' then 'in-house'
            when r.provision_type <> 'Independent fostering' and e.sector = 'Local Authority' then 'in-house'
            else r.arrangement
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
    left join by_urn as p
        on r.provider_urn = p.urn
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
    coalesce(m.host_by_return, m.host_by_register, m.host_by_903, 'UNKNOWN') as host_authority_code,
    case
        when m.host_by_return is not null then 'the return'
        when m.host_by_register is not null then 'the register'
        when m.host_by_903 is not null then 'the SSDA903'
        else 'unknown'
    end as host_known_by,
    m.type_of_provision,
    case
        when m.provision_type = 'Independent fostering' and m.arrangement = 'in-house' then 'In-house fostering'
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
    m.solo_placement
from matched as m
