"""Keyed noise on counts of places: held against the Office for National Statistics' own package,
and against whoever lacks the key.
"""

from __future__ import annotations

import datetime as dt
import hmac

import numpy as np
import pandas as pd
import pytest
from cell_key_perturbation.create_perturbed_table import create_perturbed_table
from hypothesis import given
from hypothesis import strategies as st

from assets.publication.disclosure.knowledge import Published, build_system
from assets.publication.disclosure.noise import CELL_KEYS, perturbed, possible_counts, record_keys
from assets.publication.programme import PUBLISHED_TABLES, TOTAL
from assets.publication.tables import AUTHORITY, TrueTable, print_table, tidy, with_cell_keys
from schemas.regions import DisclosureMethod

KEY, OTHER = b"a key of the tests", b"another key of the tests"
SAFE = DisclosureMethod()
DATE = dt.date(2025, 12, 31)
MEMBERS = pd.DataFrame(
    {
        "authority_code": ["1", "2"], "authority_gss": ["E1", "E2"], "authority_name": ["A", "B"],
        "region_code": "E0", "region_name": "N",
    }
)  # fmt: skip
OCCUPANCY = next(t for t in PUBLISHED_TABLES if t.name == "host_authority_occupancy")
REASONS = next(t for t in PUBLISHED_TABLES if t.name == "unavailable_places")
HOME = "Children's home"


def the_table_of_the_method() -> pd.DataFrame:
    """What the method's description says, as the package takes it: written out here, apart from the
    code.
    """
    rows = []
    for count in range(1, 751):
        for key in range(256):
            down, part = count - count % 5, count % 5
            to = 5 if count < 5 else down + (5 if key < [0, 51, 102, 153, 204][part] else 0)
            rows.append((count, key, to - count))
    return pd.DataFrame(rows, columns=["pcv", "ckey", "pvalue"])


def test_the_noise_is_what_the_statistical_offices_package_gives():
    random = np.random.default_rng(3)
    settings = pd.DataFrame(
        {AUTHORITY: [str(n % 4) for n in range(60)], "urn": [f"SC{n:06d}" for n in range(60)]}
    )
    settings["rkey"] = record_keys(KEY, "vacant", settings[AUTHORITY] + "|" + settings["urn"])
    settings["places"] = random.integers(1, 9, len(settings))
    # the package counts records: a place a record, of which the setting's first has its key and the
    # others 0
    places = settings.loc[settings.index.repeat(settings["places"])].reset_index(drop=True)
    places["rkey"] = places["rkey"].where(~places.duplicated("urn"), 0)
    theirs = create_perturbed_table(
        places, the_table_of_the_method(), [AUTHORITY], [], "rkey", threshold=0
    )
    summed = settings.groupby(AUTHORITY)[["rkey", "places"]].sum()
    ours = perturbed(summed["places"], summed["rkey"] % CELL_KEYS, 5)
    assert ours.tolist() == theirs.set_index(AUTHORITY)["count"].astype(float).tolist()


@given(st.integers(0, 2000), st.integers(0, 255))
def test_a_perturbed_count_lies_between_what_may_stand_behind_it_and_grows_with_it(count, cell_key):
    values = perturbed(pd.Series([count, count + 1]), pd.Series([cell_key] * 2), 5)
    low, high = possible_counts(values, 5)
    assert low[0] <= count <= high[0] and values[0] % 5 == 0
    assert abs(values[0] - count) <= 4 and values[0] <= values[1]
    assert (values[0] == 0) == (count == 0), "0 stays 0, and nothing else is 0"


@pytest.mark.parametrize("printed", [5, 10, 15, 100])
def test_every_number_that_may_stand_behind_a_printed_one_does_so_under_some_key(printed):
    low, high = (int(end[0]) for end in possible_counts(pd.Series([float(printed)]), 5))
    keys = pd.Series(range(256))
    some = [
        n
        for n in range(printed + 20)
        if (perturbed(pd.Series([n] * 256), keys, 5) == printed).any()
    ]
    assert some == list(range(low, high + 1)) and len(some) >= 9
    if printed > 5:  # right on average
        counts = pd.Series(np.repeat(range(printed, printed + 5), 256))
        assert perturbed(
            counts, pd.concat([keys] * 5, ignore_index=True), 5
        ).mean() == pytest.approx(counts.mean(), abs=0.05)


def test_another_key_gives_other_noise_and_no_key_can_be_read_from_it():
    names = pd.Series([f"1|SC{n:06d}" for n in range(400)])
    ours, theirs = record_keys(KEY, "vacant", names), record_keys(OTHER, "vacant", names)
    assert (ours != theirs).mean() > 0.95 and (
        ours != record_keys(KEY, "unavailable", names)
    ).mean() > 0.95
    assert ours.equals(record_keys(KEY, "vacant", names)), "the same key gives the same"
    plain = names.map(lambda name: hmac.digest(KEY, name.encode(), "sha256")[0])
    assert (ours != plain).mean() > 0.95, "the warehouse's key itself is used for pseudonyms alone"


def made(table, homes: int, count: float) -> TrueTable:
    """The table of two authorities that have `homes` children's homes each, and `count` in every
    measure.
    """
    filters = list(table.filters)
    kinds = [(HOME, *[TOTAL] * (len(filters) - 1))]
    kinds += [(HOME, "Staffing")] if "reason" in filters else []
    keys = pd.DataFrame(
        [(area, *kind) for area in ("", "1", "2") for kind in kinds], columns=[AUTHORITY, *filters]
    )
    names = [m.name for m in table.measures if m.rule not in ("share", "difference", "rate")]
    values = pd.DataFrame(
        {name: np.where(keys[AUTHORITY] == "", 2 * count, count) for name in names}
    )
    true = TrueTable(table, keys, values, values.map(lambda _: "x"))
    settings = pd.DataFrame(
        [(area, HOME, f"SC{area}{n:05d}") for area in "12" for n in range(homes)]
    )
    return with_cell_keys(
        true, settings.set_axis([AUTHORITY, "provision_type", "urn"], axis=1), KEY
    )


def test_small_counts_of_places_are_shown_where_five_settings_stand_and_hidden_where_fewer_do():
    for homes, shown in ((5, True), (4, False)):
        printed = print_table(made(OCCUPANCY, homes, 3.0), {})
        own = printed[printed[AUTHORITY] == "1"].iloc[0]
        assert (own["vacant"] == "5") is shown and (own["vacant"] == "c") is not shown
        assert own["occupied"] == "c", "people are never perturbed"
    assert print_table(made(OCCUPANCY, 5, 0.0), {})["vacant"].tolist() == ["0", "0", "0"]


def test_the_same_cell_is_printed_alike_in_every_table_and_a_part_of_it_by_the_rule_for_children():
    for count in (3.0, 11.0, 12.0, 13.0):
        one, other = (
            print_table(made(OCCUPANCY, 9, count), {}),
            print_table(made(REASONS, 9, count), {}),
        )
        whole = other[other["reason"] == TOTAL]
        assert one["unavailable"].tolist() == whole["places"].tolist()
    assert print_table(made(REASONS, 9, 3.0), {}).query(
        "reason == 'Staffing' and authority_code != ''"
    )["places"].tolist() == ["c", "c"]


def test_without_a_key_or_with_the_setting_off_small_places_are_hidden():
    true = made(OCCUPANCY, 9, 3.0)
    off = DisclosureMethod(settings_for_noise=1_000_000)
    assert print_table(true, {}, off).query("authority_code == '1'")["vacant"].tolist() == ["c"]


def test_the_attacker_takes_noise_for_what_it_is_and_the_gate_protects_small_counts_behind_it():
    true = made(OCCUPANCY, 9, 3.0)
    tables = {OCCUPANCY.name: tidy(print_table(true, {}), OCCUPANCY, MEMBERS, DATE)}
    system = build_system([Published(DATE, 1, tables, SAFE, {OCCUPANCY.name: true.values})])
    at = system.names.index(f"host_authority_occupancy.vacant, 1, {HOME}")
    assert (system.low[at], system.high[at]) == (1, 9)
    assert system.small[at], "shown with noise, and protected all the same"


def test_less_noise_needs_a_reason():
    from schemas.regions import disclosure_method

    with pytest.raises(ValueError, match="settings_for_noise = 3 "):
        disclosure_method({"settings_for_noise": 3}, "here.toml")
