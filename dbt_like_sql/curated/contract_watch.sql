-- An authority's contracts by framework and lot: how many end, may be broken off or are to be reviewed within 3 (red), 6 (amber) and 12 months
-- (green) of the census date, and what is placed and spent there. What has ended, and what should have been reviewed, is red.
-- placements and weekly_spend are of the placement census, by the framework and lot of the setting (core.framework_placement): framework None is
-- bought outside any, Not known is of settings that nobody returned. A framework may have contracts and no placement, or the reverse: then
-- contracts is 0. Contracts one by one, with what is placed under each, are in core.contract.
-- grain: census_date, authority_code, framework, lot
with counted as (
    select
        c.authority_code,
        min(c.framework) as framework,
        lower(c.framework) as framework_key,
        c.lot,
        count(*) as contracts,
        sum(case when c.end_rag in ('Past', 'Red') then 1 else 0 end) as ends_red,
        sum(case when c.end_rag = 'Amber' then 1 else 0 end) as ends_amber,
        sum(case when c.end_rag = 'Green' then 1 else 0 end) as ends_green,
        sum(case when c.break_rag = 'Red' then 1 else 0 end) as breaks_red,
        sum(case when c.break_rag = 'Amber' then 1 else 0 end) as breaks_amber,
        sum(case when c.break_rag = 'Green' then 1 else 0 end) as breaks_green,
        sum(case when c.review_rag in ('Past', 'Red') then 1 else 0 end) as reviews_red,
        sum(case when c.review_rag = 'Amber' then 1 else 0 end) as reviews_amber,
        sum(case when c.review_rag = 'Green' then 1 else 0 end) as reviews_green,
        min(case when c.contract_end >= cast(:census_date as date) then c.contract_end end) as next_end,
        min(case when c.contract_break >= cast(:census_date as date) then c.contract_break end) as next_break,
        min(case when c.contract_review >= cast(:census_date as date) then c.contract_review end) as next_review
    from core.contract as c
    where c.census_date = cast(:census_date as date)
    group by
        c.authority_code,
        lower(c.framework),
        c.lot
),

spent as (
    select
        p.placing_authority_code as authority_code,
        min(p.framework) as framework,
        lower(p.framework) as framework_key,
        p.lot,
        count(*) as placements,
        count(*) - count(p.total_weekly_cost) as placements_without_cost,
        sum(p.total_weekly_cost) as weekly_spend
    from core.framework_placement as p
    where p.census_date = cast(:census_date as date)
    group by
        p.placing_authority_code,
        lower(p.framework),
        p.lot
)

select
    cast(:census_date as date) as census_date,
    coalesce(c.authority_code, s.authority_code) as authority_code,
    a.authority_gss,
    coalesce(a.authority_name, c.authority_code, s.authority_code) as authority_name,
    coalesce(c.framework, s.framework) as framework,
    coalesce(c.lot, s.lot) as lot,
    cast(coalesce(c.contracts, 0) as integer) as contracts,
    cast(coalesce(c.ends_red, 0) as integer) as ends_red,
    cast(coalesce(c.ends_amber, 0) as integer) as ends_amber,
    cast(coalesce(c.ends_green, 0) as integer) as ends_green,
    cast(coalesce(c.breaks_red, 0) as integer) as breaks_red,
    cast(coalesce(c.breaks_amber, 0) as integer) as breaks_amber,
    cast(coalesce(c.breaks_green, 0) as integer) as breaks_green,
    cast(coalesce(c.reviews_red, 0) as integer) as reviews_red,
    cast(coalesce(c.reviews_amber, 0) as integer) as reviews_amber,
    cast(coalesce(c.reviews_green, 0) as integer) as reviews_green,
    c.next_end,
    c.next_break,
    c.next_review,
    cast(coalesce(s.placements, 0) as integer) as placements,
    cast(coalesce(s.placements_without_cost, 0) as integer) as placements_without_cost,
    s.weekly_spend
from counted as c
full join spent as s
    on c.authority_code = s.authority_code
    and c.framework_key = s.framework_key
    and c.lot = s.lot
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and coalesce(c.authority_code, s.authority_code) = a.authority_code
