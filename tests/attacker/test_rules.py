"""What no release may print, whoever reads it: small counts, statistics that tell a hidden count,
new means after a step of a child or two, sensitive categories by authority.
"""

from __future__ import annotations

import pytest

from tests.attacker.knowledge import SMALL
from tests.attacker.reading import HIDDEN, REGION, SYMBOLS, Edition, programme, read_editions
from tests.attacker.truth import true_counts

STEP_OF_A_MEAN = 2
SENSITIVE = (
    "died", "custod", "remand", "secure children's home", "depriv", "unregistered", "youth justice",
    "sentenced", "detained", "police",
)  # fmt: skip
SINGLE_SETTINGS = (
    "Residential family centre",
    "Residential special school",
    "Secure children's home",
)


@pytest.fixture(scope="module")
def editions(world) -> list[Edition]:
    return read_editions(world.releases)


@pytest.fixture(scope="module")
def truths(world, editions):
    return [true_counts(world.warehouse, edition) for edition in editions]


def test_no_count_of_one_to_seven_is_printed(editions, truths):
    known = programme()
    rules = known.rules
    asked = 0
    for edition, truth in zip(editions, truths, strict=True):
        for cell, true in truth.items():
            table, measure, _ = cell
            if rules[table].get(measure) == "count" and 0 < true < SMALL:
                asked += 1
                told = edition.printed(cell)
                is_noise = told in ("5", "10") and known.may_be_noisy(edition, cell)
                assert is_noise or told in (HIDDEN, None), (edition.name, cell)
    assert asked > 100


def test_a_statistic_tells_no_more_than_its_count(editions):
    """A mean is hidden wherever its count is, shown only of eight and more."""
    asked = 0
    for edition in editions:
        for name, table in edition.tables.items():
            means = programme().measures(name, "mean")
            counts = programme().measures(name, "count") if means else []
            for key in table.at if counts else ():
                count = table.printed(counts[0], key)
                told = {table.printed(m, key) for m in means}
                asked += 1
                if count == HIDDEN:
                    assert told == {HIDDEN}, (edition.name, name, key, told)
                elif count == "0":
                    assert not told - SYMBOLS, (edition.name, name, key, told)
                elif told - SYMBOLS:
                    assert int(count) >= SMALL, (edition.name, name, key, count)
    assert asked > 100


def test_shares_and_rates_tell_no_more_than_their_counts(editions):
    """A share is hidden wherever its row's only count is: figure and symbol would tell."""
    for edition in editions:
        for name, table in edition.tables.items():
            rules = programme().rules[name]
            counts = [m for m, rule in rules.items() if rule == "count"]
            shares = [m for m, rule in rules.items() if rule in ("share", "rate")]
            if len(counts) != 1:
                continue
            for key in table.at:
                if table.printed(counts[0], key) == HIDDEN:
                    told = {table.printed(s, key) for s in shares} - {HIDDEN, "z"}
                    assert not told, (edition.name, name, key, told)


def test_no_mean_is_new_after_a_step_of_two_children(editions, truths):
    """Twice a mean times its count would give a child's fee."""
    for date in {e.date for e in editions}:
        of_date = [n for n, e in enumerate(editions) if e.date == date]
        for position, now in enumerate(of_date):
            for before in of_date[:position]:
                _no_new_means(editions[before], truths[before], editions[now], truths[now])


def _no_new_means(old: Edition, old_truth, new: Edition, new_truth) -> None:
    for name, table in new.tables.items():
        means = programme().measures(name, "mean")
        counts = programme().measures(name, "count") if means else []
        for key in table.at if counts else ():
            cell = (name, counts[0], key)
            if cell not in old_truth or cell not in new_truth:
                continue
            if abs(old_truth[cell] - new_truth[cell]) > STEP_OF_A_MEAN:
                continue
            for mean in means:
                was, is_now = old.printed((name, mean, key)), table.printed(mean, key)
                if was not in {*SYMBOLS, None} and is_now not in SYMBOLS:
                    assert was == is_now, (old.name, new.name, name, key, mean, was, is_now)


def test_what_is_sensitive_is_never_told_by_authority(editions):
    """Nor are types of which an authority has one setting at most."""
    rules = programme().rules
    for edition in editions:
        for name, table in edition.tables.items():
            counts = [m for m, rule in rules[name].items() if rule in ("count", "estimate", "mean")]
            for key in table.at:
                if key[0] == REGION or not counts:
                    continue
                words = " / ".join(key[1:]).lower()
                is_single = any(k in key[1:] for k in SINGLE_SETTINGS)
                if not is_single and not any(w in words for w in SENSITIVE):
                    continue
                told = {m: table.printed(m, key) for m in counts}
                shown = {m: v for m, v in told.items() if v not in (HIDDEN, "x", "z")}
                assert not shown, (edition.name, name, key, shown)
