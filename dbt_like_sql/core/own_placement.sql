-- An authority's own placements of looked-after children on the census date, from the one return that counts: the placement census, else the SSDA903.
-- Young people placed after 18 are left out; so are, from the SSDA903, children with parents or for adoption, whom nobody provides for.
-- grain: census_date, placing_authority_code, source, placement_number
with from_census as (
    select
        p.placing_authority_code,
        p.provision_type,
        p.arrangement,
        p.host_authority_code,
        row_number() over (partition by p.placing_authority_code order by p.sheet, p.row_number) as placement_number
    from core.placement as p
    where
        p.census_date = cast(:census_date as date)
        and p.is_looked_after
),

from_903 as (
    select
        c.authority_code as placing_authority_code,
        c.provision_type,
        case
            when c.place_provider = 'PR1' then 'in-house'
            when c.place_provider = 'PR2' then 'other authority'
            when c.place_provider in ('PR4', 'PR5') then 'independent'
            else 'other'
        end as arrangement,
        coalesce(c.placement_authority_code, 'UNKNOWN') as host_authority_code,
        row_number() over (partition by c.authority_code order by c.child_key) as placement_number
    from core.child as c
    where
        c.census_date = cast(:census_date as date)
        and c.provision_type is not null
        and not exists (
            select 1 as found
            from core.placement as p
            where
                p.census_date = cast(:census_date as date)
                and p.placing_authority_code = c.authority_code
        )
)

select
    cast(:census_date as date) as census_date,
    f.placing_authority_code,
    'placement census' as source,
    cast(f.placement_number as integer) as placement_number,
    f.provision_type,
    f.arrangement,
    f.host_authority_code
from from_census as f
union all
select
    cast(:census_date as date) as census_date,
    f.placing_authority_code,
    'SSDA903' as source,
    cast(f.placement_number as integer) as placement_number,
    f.provision_type,
    f.arrangement,
    f.host_authority_code
from from_903 as f
