-- The market of an authority is the register's settings and places there, and the shares of the largest owners grow with their number. A failure
-- means that the market looks more or less concentrated than it is.
-- checks: curated.market_concentration
-- severity: blocks
with registered as (
    select
        s.host_authority_code,
        s.provision_type,
        sum(s.premises) as settings,
        sum(s.places) as places
    from core.setting as s
    inner join core.area as a
        on s.census_date = a.census_date
        and s.host_authority_code = a.authority_code
        and a.area_level = 'authority'
    where
        s.census_date = cast(:census_date as date)
        and s.provision_type <> 'Other'
    group by
        s.host_authority_code,
        s.provision_type
),

figures as (
    select
        m.area_code,
        m.provision_type,
        m.settings,
        m.places
    from curated.market_concentration as m
    where
        m.census_date = cast(:census_date as date)
        and m.area_level = 'authority'
)

select
    coalesce(f.area_code, r.host_authority_code) as area_code,
    coalesce(f.provision_type, r.provision_type) as provision_type
from figures as f
full join registered as r
    on f.area_code = r.host_authority_code
    and f.provision_type = r.provision_type
where
    f.settings is distinct from r.settings
    or f.places is distinct from r.places
union all
select
    m.area_code,
    m.provision_type
from curated.market_concentration as m
where
    m.census_date = cast(:census_date as date)
    and (
        m.share_largest_1 < 0
        or m.share_largest_1 > m.share_largest_3
        or m.share_largest_3 > m.share_largest_10
        or m.share_largest_10 > 1
        or m.herfindahl_hirschman_index > 10000
        or m.herfindahl_hirschman_index < 9999 * m.share_largest_1 * m.share_largest_1
        or m.places_owner_unknown > m.places
    )
