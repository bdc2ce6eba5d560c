-- A provider's placements are of settings that the same sender returns. A row here is a URN with children and no settings row from their
-- sender: a slip in the URN, or a setting left out. Its host and type are then the register's, or unknown, and its children may not be counted.
-- checks: core.setting_child
-- severity: warns
select
    b.sender,
    b.urn,
    sum(b.children) as children
from (
    select
        p.sender,
        p.urn,
        1 as children,
        0 as settings
    from staging.provider_placements as p
    where p.census_date = cast(:census_date as date)
    union all
    select
        s.sender,
        s.urn,
        0 as children,
        1 as settings
    from staging.provider_settings as s
    where s.census_date = cast(:census_date as date)
) as b
group by
    b.sender,
    b.urn
having
    sum(b.children) > 0
    and sum(b.settings) = 0
