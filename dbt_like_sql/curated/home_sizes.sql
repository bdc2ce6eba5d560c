-- How big the registered homes are: settings by registered places (1 to 5, 6 and more), their share of the area's settings of the type whose
-- size is known, and the rank of that share in the authority's region, the highest first (the share of one-bed homes is size_band 1).
-- Supported accommodation counts premises. All bands have a row where the area has a setting of the type, 0 included; Not known has one where
-- there is such a setting, without share or rank. Equal shares have equal ranks; authorities_ranked are the region's with such settings.
-- grain: census_date, host_authority_code, provision_type, size_band
with counted as (
    select
        h.host_authority_code,
        h.host_authority_gss,
        h.host_authority_name,
        h.provision_type,
        v.size_band,
        coalesce(sum(case when h.size_band = v.size_band then h.settings end), 0) as settings,
        coalesce(sum(case when h.size_band = v.size_band then h.places end), 0) as places,
        sum(case when h.size_band <> 'Not known' then h.settings end) as settings_of_known_size
    from curated.homes as h
    cross join (values ('1'), ('2'), ('3'), ('4'), ('5'), ('6+'), ('Not known')) as v (size_band)
    where
        h.census_date = cast(:census_date as date)
        and h.provision_type <> 'Independent fostering'
    group by
        h.host_authority_code,
        h.host_authority_gss,
        h.host_authority_name,
        h.provision_type,
        v.size_band
),

shared as (
    select
        c.host_authority_code,
        c.host_authority_gss,
        c.host_authority_name,
        r.area_code as region_code,
        c.provision_type,
        c.size_band,
        c.settings,
        case when c.size_band <> 'Not known' then c.places end as places,
        case when c.size_band <> 'Not known' then cast(c.settings as numeric) / nullif(c.settings_of_known_size, 0) end as share
    from counted as c
    left join core.area as r
        on r.census_date = cast(:census_date as date)
        and r.area_level = 'region'
        and c.host_authority_code = r.authority_code
    where
        c.size_band <> 'Not known'
        or c.settings > 0
)

select
    cast(:census_date as date) as census_date,
    s.host_authority_code,
    s.host_authority_gss,
    s.host_authority_name,
    s.provision_type,
    s.size_band,
    cast(s.settings as integer) as settings,
    cast(s.places as integer) as places,
    round(s.share, 6) as share,
    case
        when s.share is not null and s.region_code is not null
            then cast(rank() over (partition by s.region_code, s.provision_type, s.size_band order by s.share desc nulls last) as integer)
    end as rank_in_region,
    case
        when s.share is not null and s.region_code is not null
            then cast(count(s.share) over (partition by s.region_code, s.provision_type, s.size_band) as integer)
    end as authorities_ranked
from shared as s
