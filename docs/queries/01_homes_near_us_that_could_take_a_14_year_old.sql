-- Which homes near us could take a 14-year-old tomorrow?
-- for: authority
-- Children's homes of our own area and sub-region with a vacant place, by the newest return. For another age change the two 14s.
with newest as (
    select max(v.census_date) as census_date
    from curated.setting_vacancies as v
),

us as (
    select distinct a.sub_region_name
    from curated.host_authority_occupancy as o
    inner join newest as n
        on o.census_date = n.census_date
    inner join core.authority as a
        on o.host_authority_code = a.authority_code
        and o.census_date = a.census_date
)

select
    v.setting_name,
    v.provider_name,
    v.host_authority_name,
    v.service_category,
    v.vacant,
    v.min_age,
    v.max_age,
    v.gender_accepted,
    v.needs_met,
    v.grade,
    v.framework,
    v.as_at
from curated.setting_vacancies as v
inner join newest as n
    on v.census_date = n.census_date
inner join core.authority as a
    on v.host_authority_code = a.authority_code
    and v.census_date = a.census_date
inner join us as u
    on a.sub_region_name = u.sub_region_name
where
    v.provision_type = 'Children''s home'
    and v.vacant > 0
    and coalesce(v.min_age, 0) <= 14
    and coalesce(v.max_age, 25) >= 14
order by v.host_authority_name, v.vacant desc, v.setting_name
