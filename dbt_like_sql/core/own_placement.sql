-- An authority's own placements on the census date: every child looked after by its SSDA903 once, with what its placement
-- census says of the child beside it (cost, route, type of provision, URN, reasons), and whom the SSDA903 lacks.
-- source ssda903: a child looked after by the SSDA903 (core.child). Where the child lives and who provides the placement is
-- the SSDA903's; the provision type is the placement census's where it has the child under a type of its own, else the
-- SSDA903's; None with parents or for adoption, where nobody provides the placement. Of several rows that the census has of
-- a child the one counts that is no short break, then the dearest.
-- source census: a row of the placement census whose child the SSDA903 lacks: young people placed after 18 always, children
-- under 18 with a finding (core.cross_check). They are commissioned placements and money, and in no figure of all placements.
-- covers: all where an SSDA903 of the date is held, so that the rows from it are all children looked after; commissioned
-- where there is none: then every row is the census's, and no figure of all placements can be worked out from them.
-- in_figures: the placement is of a looked-after child and counts where placements are counted by type: from the SSDA903, or, where
-- there is none, from the census under a type of which it has all (never In-house fostering, Other or None).
-- A child in an unregistered setting needs a place in a children's home, or in supported accommodation where it is so coded
-- and aged 16 or 17; short breaks and the types Other and None are no need of a place (needs_provision_type is blank).
-- grain: census_date, placing_authority_code, source, placement_number
with covered as (
    select s.authority_code
    from core.ssda903_return as s
    where
        s.census_date = cast(:census_date as date)
        and s.return_date = s.census_date
),

by_903 as (
    select
        c.authority_code as placing_authority_code,
        c.child_key,
        c.age,
        coalesce(c.provision_type, 'None') as provision_type,
        case
            when c.place_provider = 'PR1' then 'in-house'
            when c.place_provider = 'PR2' then 'other authority'
            when c.place_provider in ('PR4', 'PR5') then 'independent'
            else 'other'
        end as arrangement,
        coalesce(c.placement_authority_code, 'UNKNOWN') as host_authority_code,
        c.distance_miles,
        nullif(c.placement_urn, 'XXXXXXX') as urn
    from core.child as c
    where c.census_date = cast(:census_date as date)
),

by_census as (
    select
        p.placing_authority_code,
        p.child_key,
        p.is_looked_after,
        p.age,
        p.provision_type,
        p.arrangement,
        p.host_authority_code,
        case
            when p.provision_type in ('Independent fostering', 'In-house fostering') then coalesce(p.provider_urn, p.establishment_urn)
            else coalesce(p.establishment_urn, p.provider_urn)
        end as urn,
        p.type_of_provision,
        p.is_unregistered,
        p.is_short_break,
        p.sourcing_route,
        p.distance_reason,
        p.deprivation_of_liberty,
        p.solo_placement,
        p.total_weekly_cost,
        p.contribution_social_care,
        p.contribution_education,
        p.contribution_health,
        p.submission_id,
        p.sheet,
        p.row_number,
        row_number() over (
            partition by p.placing_authority_code, p.child_key
            order by
                case when p.is_short_break then 1 else 0 end,
                p.total_weekly_cost desc nulls last,
                p.submission_id,
                p.sheet,
                p.row_number
        ) as position
    from core.placement as p
    where p.census_date = cast(:census_date as date)
),

enriched as (
    select
        c.placing_authority_code,
        'ssda903' as source,
        c.child_key,
        true as is_looked_after,
        c.age,
        p.child_key is not null as is_in_census,
        case
            when p.is_unregistered then 'Other'
            else coalesce(t.provision_type, c.provision_type)
        end as provision_type,
        c.provision_type as coded_provision_type,
        c.arrangement,
        c.host_authority_code,
        c.distance_miles,
        coalesce(p.urn, c.urn) as urn,
        p.type_of_provision,
        coalesce(p.is_unregistered, false) as is_unregistered,
        coalesce(p.is_short_break, false) as is_short_break,
        p.sourcing_route,
        p.distance_reason,
        p.deprivation_of_liberty,
        p.solo_placement,
        p.total_weekly_cost,
        p.contribution_social_care,
        p.contribution_education,
        p.contribution_health,
        row_number() over (partition by c.placing_authority_code order by c.child_key) as placement_number
    from by_903 as c
    left join by_census as p
        on c.placing_authority_code = p.placing_authority_code
        and c.child_key = p.child_key
        and p.position = 1
    left join staging.provision_type as t
        on p.provision_type = t.provision_type
),

added as (
    select
        p.placing_authority_code,
        'census' as source,
        p.child_key,
        p.is_looked_after,
        p.age,
        true as is_in_census,
        p.provision_type,
        p.provision_type as coded_provision_type,
        p.arrangement,
        p.host_authority_code,
        cast(null as numeric) as distance_miles,
        p.urn,
        p.type_of_provision,
        p.is_unregistered,
        p.is_short_break,
        p.sourcing_route,
        p.distance_reason,
        p.deprivation_of_liberty,
        p.solo_placement,
        p.total_weekly_cost,
        p.contribution_social_care,
        p.contribution_education,
        p.contribution_health,
        row_number() over (
            partition by p.placing_authority_code
            order by p.submission_id, p.sheet, p.row_number
        ) as placement_number
    from by_census as p
    left join by_903 as c
        on p.placing_authority_code = c.placing_authority_code
        and p.child_key = c.child_key
    where c.child_key is null
),

together as (
    select
        e.placing_authority_code,
        e.source,
        e.placement_number,
        e.child_key,
        e.is_looked_after,
        e.age,
        e.is_in_census,
        e.provision_type,
        e.coded_provision_type,
        e.arrangement,
        e.host_authority_code,
        e.distance_miles,
        e.urn,
        e.type_of_provision,
        e.is_unregistered,
        e.is_short_break,
        e.sourcing_route,
        e.distance_reason,
        e.deprivation_of_liberty,
        e.solo_placement,
        e.total_weekly_cost,
        e.contribution_social_care,
        e.contribution_education,
        e.contribution_health
    from enriched as e
    union all
    select
        a.placing_authority_code,
        a.source,
        a.placement_number,
        a.child_key,
        a.is_looked_after,
        a.age,
        a.is_in_census,
        a.provision_type,
        a.coded_provision_type,
        a.arrangement,
        a.host_authority_code,
        a.distance_miles,
        a.urn,
        a.type_of_provision,
        a.is_unregistered,
        a.is_short_break,
        a.sourcing_route,
        a.distance_reason,
        a.deprivation_of_liberty,
        a.solo_placement,
        a.total_weekly_cost,
        a.contribution_social_care,
        a.contribution_education,
        a.contribution_health
    from added as a
)

select
    cast(:census_date as date) as census_date,
    t.placing_authority_code,
    t.source,
    case when k.authority_code is null then 'commissioned' else 'all' end as covers,
    cast(t.placement_number as integer) as placement_number,
    t.child_key,
    t.is_looked_after,
    t.is_looked_after and case
        when k.authority_code is not null then t.source = 'ssda903'
        else coalesce(y.is_commissioned, false)
    end as in_figures,
    t.age,
    t.is_in_census,
    t.provision_type,
    case
        when t.is_unregistered and t.coded_provision_type = 'Supported accommodation' and t.age in (16, 17) then 'Supported accommodation'
        when t.is_unregistered then 'Children''s home'
        when not t.is_short_break then y.provision_type
    end as needs_provision_type,
    t.arrangement,
    t.host_authority_code,
    t.distance_miles,
    t.urn,
    t.type_of_provision,
    t.is_unregistered,
    t.is_short_break,
    t.sourcing_route,
    t.distance_reason,
    t.deprivation_of_liberty,
    t.solo_placement,
    t.total_weekly_cost,
    t.contribution_social_care,
    t.contribution_education,
    t.contribution_health
from together as t
left join covered as k
    on t.placing_authority_code = k.authority_code
left join staging.provision_type as y
    on t.provision_type = y.provision_type
