-- Placements of the placement census on the census date with the framework and lot of the setting, as its provider returned them: bought in a
-- framework, outside any ('None', where the provider's return names none), or 'Not known' where no provider returned the setting. A fostering
-- placement is with its agency, any other with its establishment. provider_key: the provider's name without case, dots and Limited, by which
-- contracts are found.
-- grain: census_date, submission_id, sheet, row_number
with settings as (
    select
        s.urn,
        min(s.framework) as framework,
        min(s.lot) as lot
    from core.setting_return as s
    where s.census_date = cast(:census_date as date)
    group by s.urn
)

select
    p.census_date,
    p.submission_id,
    p.sheet,
    p.row_number,
    p.placing_authority_code,
    p.child_key,
    coalesce(p.establishment_urn, p.provider_urn) as urn,
    p.provision_type,
    p.total_weekly_cost,
    case when s.urn is null then 'Not known' else coalesce(s.framework, 'None') end as framework,
    case when s.framework is null then '' else coalesce(s.lot, '') end as lot,
    trim(replace(replace(replace(lower(p.organisation), '.', ''), ' limited', ''), ' ltd', '')) as provider_key
from core.placement as p
left join settings as s
    on coalesce(p.establishment_urn, p.provider_urn) = s.urn
where p.census_date = cast(:census_date as date)
