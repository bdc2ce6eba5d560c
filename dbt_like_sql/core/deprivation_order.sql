-- Deprivation of liberty orders as the SSDA903 of the census date has them, each once, with where the child is placed on the date.
-- The return that tells is the one that counts for the authority's children (core.ssda903_return); of a pooled one, its newest year. An order is
-- in force on the date where it has begun by it and has not ended on or before it. Of two rows with one start the one that goes on counts.
-- The placement is blank for a child who is not looked after on the date.
-- grain: census_date, authority_code, child_key, dolo_start
with told as (
    select
        d.authority_code,
        d.child_key,
        d.dolo_start,
        d.dolo_end,
        d.age_at_start,
        row_number() over (
            partition by d.authority_code, d.child_key, d.dolo_start
            order by
                d.dolo_end desc nulls first,
                d.sheet desc,
                d.row_number desc
        ) as position
    from staging.ssda903_dolo as d
    inner join core.ssda903_return as r
        on d.authority_code = r.authority_code
        and d.census_date = r.return_date
        and d.sender = r.sender
        and coalesce(d.year, '') = coalesce(r.year, '')
    where
        d.census_date = cast(:census_date as date)
        and r.census_date = cast(:census_date as date)
        and r.return_date = r.census_date
        and d.child_key is not null
)

select
    cast(:census_date as date) as census_date,
    t.authority_code,
    t.child_key,
    t.dolo_start,
    t.dolo_end,
    t.age_at_start,
    t.dolo_start <= cast(:census_date as date)
    and (t.dolo_end is null or t.dolo_end > cast(:census_date as date)) as order_is_open,
    cast(least(t.dolo_end, cast(:census_date as date)) - t.dolo_start as integer) as days_so_far,
    c.place_counted,
    c.provision_type,
    c.age
from told as t
left join core.child as c
    on c.census_date = cast(:census_date as date)
    and t.authority_code = c.authority_code
    and t.child_key = c.child_key
where t.position = 1
