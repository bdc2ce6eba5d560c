"""The standing attack: what readers work out of all releases together, by a model of their own.

Held against the truth: no hidden count of one to seven has fewer than three values left, but for
what the register alone tells, a reader's own counts, what DfE and Ofsted print, and what members
share home by home.

Of every date that was released, all editions are attacked together with those of the date a year
before, by all readers; those of the last date by three logins as well, or by those that
OBSERVATORY_ATTACK_LOGINS names (codes with commas between; `all` for every member's).
"""

from __future__ import annotations

import os

import pytest

from schemas.regions import load_region
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

READERS = (PLAIN, TOLD, NO_ZEROS, DFE)
ASKED = os.environ.get("OBSERVATORY_ATTACK_LOGINS", "356,357,889")
AUTHORITIES = sorted(load_region("north_west").members) if ASKED == "all" else ASKED.split(",")


@pytest.fixture(scope="module")
def models(world) -> list[Model]:
    """What is attacked: one model a date, in order of time."""
    editions = read_editions(world.releases)
    counts = {edition.name: true_counts(world.warehouse, edition) for edition in editions}
    models = []
    for date in sorted({edition.date for edition in editions}):
        both = {date, date.replace(year=date.year - 1)}
        some = [edition for edition in editions if edition.date in both]
        models.append(build(some, programme(), [counts[edition.name] for edition in some]))
    return models


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
