-- Volume, mix and price make up the change of every row, and the spend is the sum of the costs returned. A failure means that the answer to why
-- an authority's spend changed is wrong.
-- checks: curated.spend_change
-- severity: blocks
with returned as (
    select
        p.placing_authority_code,
        sum(p.total_weekly_cost) as weekly_spend
    from core.placement as p
    where p.census_date = cast(:census_date as date)
    group by p.placing_authority_code
),

figures as (
    select
        s.authority_code,
        sum(s.weekly_spend) as weekly_spend
    from curated.spend_change as s
    where s.census_date = cast(:census_date as date)
    group by s.authority_code
)

select
    coalesce(f.authority_code, r.placing_authority_code) as authority_code,
    'spend' as part
from figures as f
full join returned as r
    on f.authority_code = r.placing_authority_code
where f.weekly_spend is distinct from coalesce(r.weekly_spend, 0)
union all
select
    s.authority_code,
    s.provision_type as part
from curated.spend_change as s
where
    s.census_date = cast(:census_date as date)
    and (
        s.change_by_volume + s.change_by_mix + s.change_by_price <> s.weekly_spend_change
        or s.weekly_spend - s.weekly_spend_year_before <> s.weekly_spend_change
        or (s.change_by_volume is null) <> (s.change_by_price is null)
        or (s.placements_year_before > 0 and s.change_by_volume is null)
        or (s.break_reason is not null and s.weekly_spend_change is not null)
    )
