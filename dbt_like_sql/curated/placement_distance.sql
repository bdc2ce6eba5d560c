-- How far from home an authority's looked-after children are placed, and whether inside its area: from the SSDA903 of the date.
-- Straight line between home and placement postcodes; 20.0 miles is "20 miles or less", 999.9 is DfE's mark of not known. Shares are of all
-- placements, unknowns included (for unaccompanied children, and where a postcode is withheld, distance is not known). Types are those of
-- curated.own_placements_location; children with parents or for adoption are counted under None.
-- Source: DfE, "Children looked after in England", distance and locality tables.
-- grain: census_date, authority_code, provision_type, locality, distance_band
with placements as (
    select
        c.placing_authority_code as authority_code,
        c.provision_type,
        case
            when c.host_authority_code = 'UNKNOWN' then 'unknown'
            when c.host_authority_code = c.placing_authority_code then 'inside'
            else 'outside'
        end as locality,
        case
            when coalesce(c.distance_miles, 999.9) = 999.9 then 'not known or not recorded'
            when c.distance_miles <= 20 then '20 miles or less'
            else 'more than 20 miles'
        end as distance_band
    from core.own_placement as c
    where
        c.census_date = cast(:census_date as date)
        and c.source = 'ssda903'
),

totals as (
    select
        p.authority_code,
        p.provision_type,
        count(*) as all_placements
    from placements as p
    group by
        p.authority_code,
        p.provision_type
)

select
    cast(:census_date as date) as census_date,
    p.authority_code,
    a.authority_gss,
    coalesce(a.authority_name, p.authority_code) as authority_name,
    p.provision_type,
    p.locality,
    p.distance_band,
    cast(count(*) as integer) as placements,
    round(cast(count(*) as numeric) / t.all_placements, 6) as share
from placements as p
inner join totals as t
    on p.authority_code = t.authority_code
    and p.provision_type = t.provision_type
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and p.authority_code = a.authority_code
group by
    p.authority_code,
    a.authority_gss,
    a.authority_name,
    p.provision_type,
    p.locality,
    p.distance_band,
    t.all_placements
