-- In search_outcome the category All searches is all of an authority's searches, open and placed; in needs_profile each need's parts add up to them
-- in both breakdowns, and no part has more with the need and without an answer than searches. A failure means that a search fell out of a
-- category or into two parts: look at the categories' conditions in those models.
-- checks: curated.needs_profile
-- severity: blocks
with needs as (
    select
        n.authority_code,
        n.breakdown as counted_in,
        n.category,
        sum(n.searches) as searches,
        sum(case when n.searches_with_need + n.searches_not_asked > n.searches then 1 else 0 end) as overfull
    from curated.needs_profile as n
    where n.census_date = cast(:census_date as date)
    group by
        n.authority_code,
        n.breakdown,
        n.category
),

counted as (
    select
        n.authority_code,
        n.counted_in,
        min(n.searches) as fewest,
        max(n.searches) as most,
        sum(n.overfull) as overfull
    from needs as n
    group by
        n.authority_code,
        n.counted_in
    union all
    select
        o.authority_code,
        'outcome' as counted_in,
        o.searches as fewest,
        o.searches_open + o.searches_placed as most,
        0 as overfull
    from curated.search_outcome as o
    where
        o.census_date = cast(:census_date as date)
        and o.category = 'All searches'
),

searches as (
    select
        s.authority_code,
        v.counted_in,
        count(*) as searches
    from curated.search as s
    cross join (values ('type placed'), ('distance'), ('outcome')) as v (counted_in)
    where s.census_date = cast(:census_date as date)
    group by
        s.authority_code,
        v.counted_in
)

select
    coalesce(s.authority_code, c.authority_code) as authority_code,
    coalesce(s.counted_in, c.counted_in) as counted_in,
    s.searches,
    c.fewest,
    c.most,
    c.overfull
from searches as s
full join counted as c
    on s.authority_code = c.authority_code
    and s.counted_in = c.counted_in
where
    s.searches is distinct from c.fewest
    or s.searches is distinct from c.most
    or c.overfull > 0
