-- A home or agency is once in the register. A row here is a URN that the list in use has twice: its places are counted twice, or in two
-- authorities. Look at the list; the exact duplicates were set aside at the door, so something differs between the rows.
-- checks: core.premises
-- severity: warns
select
    p.urn,
    count(*) as listed
from core.premises as p
where
    p.census_date = cast(:census_date as date)
    and p.provision_type <> 'Supported accommodation'
group by p.urn
having count(*) > 1
