-- Every headline figure has its comparison, and the region's figure lies between the lowest and the highest of its authorities, as far as others'
-- counts of 8 and more can move it by being rounded to five (a quarter up, a sixth down). A failure means that an authority is missing, or is
-- compared with something else.
-- checks: curated.comparison
-- severity: blocks
with figures as (
    select
        f.authority_code,
        f.measure,
        f.provision_type
    from curated.headline_figure as f
    where f.census_date = cast(:census_date as date)
),

compared as (
    select
        c.authority_code,
        c.measure,
        c.provision_type,
        c.figure,
        c.region_figure,
        c.rank_in_region,
        c.region_authorities,
        r.area_code as region_code
    from curated.comparison as c
    left join core.area as r
        on c.census_date = r.census_date
        and r.area_level = 'region'
        and c.authority_code = r.authority_code
    where c.census_date = cast(:census_date as date)
)

select
    coalesce(c.authority_code, f.authority_code) as authority_code,
    coalesce(c.measure, f.measure) as measure
from compared as c
full join figures as f
    on c.authority_code = f.authority_code
    and c.measure = f.measure
    and c.provision_type = f.provision_type
where
    c.authority_code is null
    or f.authority_code is null
union all
select
    c.region_code as authority_code,
    c.measure
from compared as c
where c.region_code is not null
group by
    c.region_code,
    c.measure,
    c.provision_type
having
    min(c.figure) * 0.6 > max(c.region_figure)
    or max(c.figure) * 1.6 < min(c.region_figure)
    or max(c.rank_in_region) > count(*)
union all
select
    c.region_code as authority_code,
    c.measure
from compared as c
where c.region_code is not null
group by
    c.region_code,
    c.measure
having
    count(distinct c.authority_code) <> max(c.region_authorities)
    or count(distinct c.authority_code) <> min(c.region_authorities)
