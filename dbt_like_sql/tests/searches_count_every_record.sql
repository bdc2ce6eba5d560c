-- Every record of a Placements Standard in force is one search. A failure means that searches were lost or doubled between staging and
-- the figures: compare the sender's rows in staging.placements_standard with curated.search; an outward code or a child that stands twice doubles.
-- checks: curated.search
-- severity: blocks
with held as (
    select
        r.sender as authority_code,
        count(*) as records
    from staging.placements_standard as r
    where r.census_date = cast(:census_date as date)
    group by r.sender
),

counted as (
    select
        s.authority_code,
        count(*) as searches
    from curated.search as s
    where s.census_date = cast(:census_date as date)
    group by s.authority_code
)

select
    coalesce(h.authority_code, c.authority_code) as authority_code,
    coalesce(h.records, 0) as records,
    coalesce(c.searches, 0) as searches
from held as h
full join counted as c
    on h.authority_code = c.authority_code
where coalesce(h.records, 0) <> coalesce(c.searches, 0)
