"""The standing attack: what readers work out of all releases together, by a model of their own.

Held against the truth: no hidden count of one to seven has fewer than three values left, but for
what the register alone tells, a reader's own counts, what DfE and Ofsted print, and what members
share home by home.

The newest edition of the last date is attacked, by all readers and two logins; with
OBSERVATORY_ATTACK_EDITIONS=all, every edition of that date and of the date a year before: four at a
time, in order, each with those that it was made against (more at once take hours to search).
"""

from __future__ import annotations

import os

import pytest

from tests.attacker.knowledge import Model, build
from tests.attacker.logins import ask
from tests.attacker.readers import (
    DFE,
    NO_ZEROS,
    PLAIN,
    TOLD,
    Knows,
    findings,
    findings_of_login,
)
from tests.attacker.reading import programme, read_editions
from tests.attacker.truth import true_counts

ALL = os.environ.get("OBSERVATORY_ATTACK_EDITIONS") == "all"
READERS = (PLAIN, TOLD, NO_ZEROS, DFE)
AUTHORITIES = ("356", "889")


AT_ONCE = 4


@pytest.fixture(scope="module")
def models(world) -> list[Model]:
    """What is attacked, in order of time."""
    date = world.dates[-1]
    dates = {date, date.replace(year=date.year - 1)}
    editions = [e for e in read_editions(world.releases) if e.date in dates]
    starts = range(0, max(len(editions) - 1, 1), AT_ONCE - 1)
    together = [editions[n : n + AT_ONCE] for n in starts] if ALL else [editions[-1:]]
    return [
        build(some, programme(), [true_counts(world.warehouse, edition) for edition in some])
        for some in together
    ]


@pytest.fixture(scope="module")
def found(models):
    return [finding for model in models for finding in findings(model, list(READERS))]


def said(found, reader: Knows) -> str:
    lines = [str(f) for f in found if f.reader == reader.name]
    return "" if not lines else f"{len(lines)} counts\n" + "\n".join(lines[:20])


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_nothing_small_follows(found, reader):
    assert not said(found, reader), said(found, reader)


@pytest.mark.parametrize("authority", AUTHORITIES)
def test_nothing_small_of_others_follows_for_a_login(world, models, authority):
    login = ask(world.warehouse, models[-1], authority)
    found = findings_of_login(models[-1], login)
    assert not found, f"{len(found)} counts\n" + "\n".join(map(str, found[:20]))
