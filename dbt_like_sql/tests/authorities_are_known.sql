-- Every authority code in core exists on the census date. A row here is a code that has ended or not yet begun (a register list carried
-- over a boundary change, say): its figures have no name or region, and its children come from "elsewhere". Send for a newer list.
-- checks: core.authority
-- severity: warns
with codes as (
    select
        'core.setting' as table_name,
        s.host_authority_code as authority_code
    from core.setting as s
    where s.census_date = cast(:census_date as date)
    union
    select
        'core.setting_return' as table_name,
        r.host_authority_code as authority_code
    from core.setting_return as r
    where r.census_date = cast(:census_date as date)
    union
    select
        'core.setting_child' as table_name,
        c.host_authority_code as authority_code
    from core.setting_child as c
    where c.census_date = cast(:census_date as date)
    union
    select
        'core.setting_child' as table_name,
        c.placing_authority_code as authority_code
    from core.setting_child as c
    where c.census_date = cast(:census_date as date)
    union
    select
        'core.placement' as table_name,
        p.placing_authority_code as authority_code
    from core.placement as p
    where p.census_date = cast(:census_date as date)
    union
    select
        'core.placement' as table_name,
        p.host_authority_code as authority_code
    from core.placement as p
    where p.census_date = cast(:census_date as date)
)

select
    k.table_name,
    k.authority_code
from codes as k
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and k.authority_code = a.authority_code
where a.authority_code is null
