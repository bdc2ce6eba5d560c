-- Settings have the premises and places of the register, no more and no fewer. A failure means that the registered supply is over- or
-- understated: look at how core.setting brings premises together, and at joins that double a row.
-- checks: core.setting
-- severity: blocks
with settings as (
    select
        s.urn,
        s.host_authority_code,
        sum(s.premises) as premises,
        sum(s.places) as places
    from core.setting as s
    where s.census_date = cast(:census_date as date)
    group by
        s.urn,
        s.host_authority_code
),

listed as (
    select
        p.urn,
        p.host_authority_code,
        sum(p.premises) as premises,
        sum(p.places) as places
    from core.premises as p
    where p.census_date = cast(:census_date as date)
    group by
        p.urn,
        p.host_authority_code
)

select
    coalesce(s.urn, l.urn) as urn,
    coalesce(s.host_authority_code, l.host_authority_code) as host_authority_code,
    s.premises as setting_premises,
    l.premises as listed_premises,
    s.places as setting_places,
    l.places as listed_places
from settings as s
full join listed as l
    on s.urn = l.urn
    and s.host_authority_code = l.host_authority_code
where
    s.premises is distinct from l.premises
    or s.places is distinct from l.places
