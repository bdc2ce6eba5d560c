-- Every row that a return in force has loaded is in staging. A failure means that rows were lost, or counted twice, between
-- the door and the figures: compare the return's books (staging.submission) with its rows in staging, table by table.
-- checks: staging.submission
-- severity: blocks
with held as (
    select
        r.submission_id,
        'register_providers' as table_name
    from staging.register_providers as r
    where r.census_date = cast(:census_date as date)
    union all
    select
        r.submission_id,
        'register_provider_levels' as table_name
    from staging.register_provider_levels as r
    where r.census_date = cast(:census_date as date)
    union all
    select
        r.submission_id,
        'register_premises' as table_name
    from staging.register_premises as r
    where r.census_date = cast(:census_date as date)
    union all
    select
        r.submission_id,
        'register_list_homes' as table_name
    from staging.register_list_homes as r
    where r.census_date = cast(:census_date as date)
    union all
    select
        r.submission_id,
        'register_list_premises' as table_name
    from staging.register_list_premises as r
    where r.census_date = cast(:census_date as date)
    union all
    select
        r.submission_id,
        'register_changes' as table_name
    from staging.register_changes as r
    where r.census_date = cast(:census_date as date)
    union all
    select
        r.submission_id,
        'register_inspections' as table_name
    from staging.register_inspections as r
    where r.census_date = cast(:census_date as date)
    union all
    select
        r.submission_id,
        'placement_census' as table_name
    from staging.placement_census as r
    where r.census_date = cast(:census_date as date)
    union all
    select
        r.submission_id,
        'placements_standard' as table_name
    from staging.placements_standard as r
    where r.census_date = cast(:census_date as date)
    union all
    select
        r.submission_id,
        'ssda903_header' as table_name
    from staging.ssda903_header as r
    where r.census_date = cast(:census_date as date)
    union all
    select
        r.submission_id,
        'ssda903_episodes' as table_name
    from staging.ssda903_episodes as r
    where r.census_date = cast(:census_date as date)
    union all
    select
        r.submission_id,
        'ssda903_uasc' as table_name
    from staging.ssda903_uasc as r
    where r.census_date = cast(:census_date as date)
    union all
    select
        r.submission_id,
        'ssda903_oc3' as table_name
    from staging.ssda903_oc3 as r
    where r.census_date = cast(:census_date as date)
    union all
    select
        r.submission_id,
        'ssda903_dolo' as table_name
    from staging.ssda903_dolo as r
    where r.census_date = cast(:census_date as date)
    union all
    select
        r.submission_id,
        'cans_6_21' as table_name
    from staging.cans_6_21 as r
    where r.census_date = cast(:census_date as date)
    union all
    select
        r.submission_id,
        'cans_0_5' as table_name
    from staging.cans_0_5 as r
    where r.census_date = cast(:census_date as date)
    union all
    select
        r.submission_id,
        'fee_requests' as table_name
    from staging.fee_requests as r
    where r.census_date = cast(:census_date as date)
    union all
    select
        r.submission_id,
        'fostering_gains' as table_name
    from staging.fostering_gains as r
    where r.census_date = cast(:census_date as date)
    union all
    select
        r.submission_id,
        'provider_settings' as table_name
    from staging.provider_settings as r
    where r.census_date = cast(:census_date as date)
    union all
    select
        r.submission_id,
        'provider_placements' as table_name
    from staging.provider_placements as r
    where r.census_date = cast(:census_date as date)
    union all
    select
        r.submission_id,
        'in_house_fostering' as table_name
    from staging.in_house_fostering as r
    where r.census_date = cast(:census_date as date)
    union all
    select
        r.submission_id,
        'contracts_register' as table_name
    from staging.contracts_register as r
    where r.census_date = cast(:census_date as date)
    union all
    select
        r.submission_id,
        'planned_homes' as table_name
    from staging.planned_homes as r
    where r.census_date = cast(:census_date as date)
    union all
    select
        r.submission_id,
        'high_cost_placements' as table_name
    from staging.high_cost_placements as r
    where r.census_date = cast(:census_date as date)
    union all
    select
        r.submission_id,
        'official_statistics' as table_name
    from staging.official_statistics as r
    where r.census_date = cast(:census_date as date)
    union all
    select
        r.submission_id,
        'lait_measures' as table_name
    from staging.lait_measures as r
    where r.census_date = cast(:census_date as date)
    union all
    select
        r.submission_id,
        'revenue_outturn' as table_name
    from staging.revenue_outturn as r
    where r.census_date = cast(:census_date as date)
    union all
    select
        r.submission_id,
        'fostering_statistics' as table_name
    from staging.fostering_statistics as r
    where r.census_date = cast(:census_date as date)
    union all
    select
        r.submission_id,
        'authority_inspections' as table_name
    from staging.authority_inspections as r
    where r.census_date = cast(:census_date as date)
    union all
    select
        r.submission_id,
        'authority_inspection_history' as table_name
    from staging.authority_inspection_history as r
    where r.census_date = cast(:census_date as date)
    union all
    select
        r.submission_id,
        'ultimate_owners' as table_name
    from staging.ultimate_owners as r
    where r.census_date = cast(:census_date as date)
),

counted as (
    select
        h.submission_id,
        h.table_name,
        count(*) as rows_held
    from held as h
    group by
        h.submission_id,
        h.table_name
)

select
    s.submission_id,
    s.sender,
    s.table_name,
    s.rows_loaded,
    coalesce(c.rows_held, 0) as rows_held
from staging.submission as s
left join counted as c
    on s.submission_id = c.submission_id
    and s.table_name = c.table_name
where
    s.census_date = cast(:census_date as date)
    and s.status = 'in force'
    and s.rows_loaded <> coalesce(c.rows_held, 0)
