-- Members of the observatory's own region, with their sub-region and the region's settings.
-- grain: authority_code
-- kind: view
select
    m.authority_code,
    m.sub_region_name,
    m.region_code,
    m.region_name,
    cast(m.return_deadline_days as integer) as return_deadline_days,
    cast(m.high_cost_weekly as numeric) as high_cost_weekly,
    cast(m.missing_may_differ as numeric) as missing_may_differ,
    cast(m.placements_for_a_mean as integer) as placements_for_a_mean,
    cast(m.owner_groups_for_a_mean as integer) as owner_groups_for_a_mean,
    cast(m.largest_share_of_spend as numeric) as largest_share_of_spend,
    cast(m.others_for_a_comparison as integer) as others_for_a_comparison,
    cast(m.smallest_count_shown as integer) as smallest_count_shown,
    cast(m.round_to as integer) as round_to,
    cast(m.transfer_scheme_rate as numeric) as transfer_scheme_rate
from raw.region_member as m
