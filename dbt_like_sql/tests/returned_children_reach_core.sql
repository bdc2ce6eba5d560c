-- Every row of the providers' placements is in core.setting_child, once and unaltered; only those stay out whose sender is not the one
-- that counts for a setting which two senders returned. A failure means that children are lost, counted twice, or given to another
-- placing authority.
-- checks: core.setting_child
-- severity: blocks
with sent as (
    select
        p.submission_id,
        p.sheet,
        p.row_number,
        p.sender,
        p.urn,
        p.placing_authority_code
    from staging.provider_placements as p
    where p.census_date = cast(:census_date as date)
),

core_rows as (
    select
        c.submission_id,
        c.sheet,
        c.row_number,
        c.urn,
        c.placing_authority_code
    from core.setting_child as c
    where c.census_date = cast(:census_date as date)
),

settled as (
    select distinct
        r.urn,
        r.sender
    from core.setting_return as r
    where r.census_date = cast(:census_date as date)
)

select
    s.submission_id,
    s.sheet,
    s.row_number,
    'returned, and not in core' as fault
from sent as s
left join core_rows as c
    on s.submission_id = c.submission_id
    and s.sheet is not distinct from c.sheet
    and s.row_number = c.row_number
where
    (c.row_number is null or c.urn <> s.urn or c.placing_authority_code <> s.placing_authority_code)
    and not (
        c.row_number is null
        and exists (select 1 as found from settled as o where o.urn = s.urn and o.sender <> s.sender)
    )
union all
select
    c.submission_id,
    c.sheet,
    c.row_number,
    'in core, and never returned' as fault
from core_rows as c
left join sent as s
    on c.submission_id = s.submission_id
    and c.sheet is not distinct from s.sheet
    and c.row_number = s.row_number
where s.row_number is null
