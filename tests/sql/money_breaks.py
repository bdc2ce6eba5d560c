"""Breaks of the data that the warehouse tests of money, market and trust must see.

Belongs here: by test, changes to a sound quarter. What runs them is `test_warehouse_tests_money`.
"""

from __future__ import annotations

DATE = "2025-03-31"

BREAKS: dict[str, list[str]] = {
    "both_sides_count_every_child": [
        (
            "update curated.two_sided_truth set children_by_providers = children_by_providers + 1,"
            " difference = difference + 1"
        ),
        "delete from curated.two_sided_truth where urn = 'UNKNOWN'",
        "update curated.two_sided_truth set difference = difference + 1",
    ],
    "comparisons_hold_every_figure": [
        (
            "delete from curated.comparison where measure = 'placed in the own area' and"
            " authority_code = '356'"
        ),
        (
            "update curated.comparison set region_figure = 99999 where measure = 'placed in the own"
            " area'"
        ),
        "update curated.comparison set rank_in_region = 9 where authority_code = '356'",
    ],
    "gaps_are_need_less_supply": [
        (
            "update curated.supply_gap set own_placements = own_placements + 1,"
            " numerical_sufficiency = numerical_sufficiency - 1, usable_sufficiency ="
            " usable_sufficiency - 1"
        ),
        "update curated.supply_gap set vacant_sufficiency = vacant_sufficiency + 1",
        (
            "update curated.supply_gap set vacant = vacant + 1, vacant_sufficiency ="
            " vacant_sufficiency + 1"
        ),
        "delete from curated.supply_gap where authority_code = '356'",
    ],
    "high_costs_are_those_above_the_threshold": [
        "delete from curated.high_cost_placements",
        "update curated.high_cost_placements set placing_authority_code = '350'",
    ],
    "home_sizes_are_the_homes": [
        "update curated.home_sizes set settings = settings + 1 where size_band = '1'",
        "update curated.home_sizes set share = share / 2",
        "delete from curated.home_sizes where host_authority_code = '356'",
    ],
    "market_shares_are_shares": [
        (
            "update curated.market_concentration set places = places + 1 where area_level ="
            " 'authority'"
        ),
        "update curated.market_concentration set share_largest_1 = 1.5",
        "update curated.market_concentration set share_largest_3 = share_largest_1 / 2",
        "update curated.market_concentration set herfindahl_hirschman_index = 1",
        "delete from curated.market_concentration where area_code = '356'",
    ],
    "owners_have_a_plain_name": [
        "update core.owner_group set owner_name = null where provider_name = 'Acorn Care Ltd'"
    ],
    "register_changes_account_for_every_home": [
        "update curated.register_changes set settings = settings + 1 where change = 'opened'",
        "delete from curated.register_changes where change = 'closed'",
    ],
    "spend_changes_add_up": [
        "update curated.spend_change set change_by_mix = change_by_mix + 0.01",
        (
            "update curated.spend_change set weekly_spend = weekly_spend + 1, weekly_spend_change ="
            " weekly_spend_change + 1, change_by_price = change_by_price + 1"
        ),
        "update curated.spend_change set change_by_price = null",
        "update curated.spend_change set break_reason = 'law_2023_10'",
        "delete from curated.spend_change where provision_type = 'Children''s home'",
    ],
    "weekly_costs_count_every_placement": [
        "update curated.weekly_cost set placements = placements + 1",
        "update curated.weekly_cost set placements_without_cost = placements_without_cost + 1",
        "update curated.weekly_cost set median_weekly_cost = upper_decile_weekly_cost + 1",
        "update curated.weekly_cost set mean_weekly_cost = null where placements > 0",
        (
            "update curated.weekly_cost set break_reason = 'law_2023_10' where"
            " mean_weekly_cost_change is not null"
        ),
        "update curated.weekly_cost set population = 'post 18'",
        (
            f"delete from curated.weekly_cost where census_date = '{DATE}' and area_level ="
            " 'authority'"
        ),
    ],
}
