-- Every row of the placement census is in core.placement, once and with its own placing authority. A failure means that an authority's
-- children are lost or counted twice: look for a type of provision that staging.type_of_provision does not have.
-- checks: core.placement
-- severity: blocks
select
    coalesce(s.submission_id, c.submission_id) as submission_id,
    coalesce(s.row_number, c.row_number) as row_number,
    s.placing_authority_code as returned_by,
    c.placing_authority_code as in_core_as
from (
    select
        p.submission_id,
        p.sheet,
        p.row_number,
        p.placing_authority_code
    from staging.placement_census as p
    where p.census_date = cast(:census_date as date)
) as s
full join (
    select
        k.submission_id,
        k.sheet,
        k.row_number,
        k.placing_authority_code
    from core.placement as k
    where k.census_date = cast(:census_date as date)
) as c
    on s.submission_id = c.submission_id
    and coalesce(s.sheet, '') = coalesce(c.sheet, '')
    and s.row_number = c.row_number
where s.placing_authority_code is distinct from c.placing_authority_code
