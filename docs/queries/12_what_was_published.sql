-- What does the newest release say of occupancy?
-- for: public
-- Every cell as printed: c is confidential, x not available, z not applicable, low rounds to 0.
select
    c.census_date,
    c.release_number,
    c.keys ->> 'la_name' as authority,
    c.keys ->> 'provision_type' as provision_type,
    c.measure,
    c.value
from published.cell as c
where
    c.table_name = 'host_authority_occupancy'
    and (c.census_date, c.release_number) = (
        select
            r.census_date,
            r.release_number
        from published.release as r
        order by r.census_date desc, r.release_number desc
        limit 1
    )
order by c.row_order, c.measure
