-- How concentrated the market is: owner groups of the settings in the register, by area and provision type.
-- Shares are of the places whose owner is known (places less places_owner_unknown). Herfindahl-Hirschman index: the sum of the squared percentage
-- shares of all groups, 0 to 10,000, as the Competition and Markets Authority writes it; 10,000 is one owner.
-- core.owner_group defines owner groups: what the region has decided, Ofsted's list of ultimate owners, equal plain names. Companies of
-- one parent that none of these names are several groups: by name alone, concentration is a lower bound, and owner_basis says so.
-- owner_basis: by ultimate owner (the region or Ofsted's list has it for every setting whose owner is known); by name: a floor (of none); by
-- ultimate owner and name: a floor (of some). share_by_ultimate_owner: of the settings whose owner is known, those of which it is told.
-- Fostering agencies are counted where their office is and have no places in the register: groups are counted, shares are blank.
-- Every area of the register is here; sub-regions are the observatory's own region's.
-- grain: census_date, area_level, area_code, provision_type
with settings as (
    select
        a.area_level,
        a.area_code,
        a.area_gss,
        a.area_name,
        s.provision_type,
        g.owner_group,
        coalesce(g.grouped_by in ('ultimate owner', 'decision'), false) as is_told,
        s.premises,
        s.places
    from core.setting as s
    inner join core.area as a
        on s.census_date = a.census_date
        and s.host_authority_code = a.authority_code
    left join core.owner_group as g
        on s.census_date = g.census_date
        and s.provider_name = g.provider_name
    inner join staging.provision_type as k
        on s.provision_type = k.provision_type
    where s.census_date = cast(:census_date as date)
),

groups as (
    select
        s.area_level,
        s.area_code,
        min(s.area_gss) as area_gss,
        min(s.area_name) as area_name,
        s.provision_type,
        s.owner_group,
        sum(s.premises) as settings,
        sum(case when s.is_told then s.premises else 0 end) as settings_told,
        sum(s.places) as places
    from settings as s
    group by
        s.area_level,
        s.area_code,
        s.provision_type,
        s.owner_group
),

ranked as (
    select
        g.area_level,
        g.area_code,
        g.area_gss,
        g.area_name,
        g.provision_type,
        g.owner_group,
        g.settings,
        g.settings_told,
        g.places,
        sum(case when g.owner_group is not null then g.places end) over (
            partition by g.area_level, g.area_code, g.provision_type
        ) as known_places,
        row_number() over (
            partition by g.area_level, g.area_code, g.provision_type
            order by case when g.owner_group is null then 1 else 0 end, coalesce(g.places, 0) desc, g.owner_group asc
        ) as position
    from groups as g
)

select
    cast(:census_date as date) as census_date,
    r.area_level,
    r.area_code,
    min(r.area_gss) as area_gss,
    min(r.area_name) as area_name,
    r.provision_type,
    cast(count(r.owner_group) as integer) as owner_groups,
    cast(sum(r.settings) as integer) as settings,
    cast(sum(r.places) as integer) as places,
    cast(sum(case when r.owner_group is null then r.places when r.places is not null then 0 end) as integer) as places_owner_unknown,
    round(
        cast(sum(case when r.owner_group is not null and r.position <= 1 then r.places end) as numeric) / nullif(min(r.known_places), 0), 6
    ) as share_largest_1,
    round(
        cast(sum(case when r.owner_group is not null and r.position <= 3 then r.places end) as numeric) / nullif(min(r.known_places), 0), 6
    ) as share_largest_3,
    round(
        cast(sum(case when r.owner_group is not null and r.position <= 10 then r.places end) as numeric) / nullif(min(r.known_places), 0), 6
    ) as share_largest_10,
    round(
        10000 * (
            cast(sum(case when r.owner_group is not null then r.places * r.places end) as numeric)
            / nullif(min(r.known_places) * min(r.known_places), 0)
        ), 1
    ) as herfindahl_hirschman_index,
    case
        when count(r.owner_group) = 0 then null
        when sum(r.settings_told) = 0 then 'by name: a floor'
        when sum(case when r.owner_group is not null then r.settings end) > sum(r.settings_told) then 'by ultimate owner and name: a floor'
        else 'by ultimate owner'
    end as owner_basis,
    round(
        cast(sum(r.settings_told) as numeric) / nullif(sum(case when r.owner_group is not null then r.settings end), 0), 6
    ) as share_by_ultimate_owner
from ranked as r
group by
    r.area_level,
    r.area_code,
    r.provision_type
