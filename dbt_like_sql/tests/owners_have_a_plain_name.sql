-- Every owner's text of the register has a plain name. A failure means that the owners of a list were not looked up when it was taken in, and their
-- places count as of unknown owners: take the list in again.
-- checks: core.owner_group
-- severity: warns
select
    g.provider_name,
    g.settings
from core.owner_group as g
where
    g.census_date = cast(:census_date as date)
    and g.owner_name is null
