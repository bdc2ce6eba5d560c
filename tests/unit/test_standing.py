"""What a release has, out of what the programme has now: tables, measures and breakdowns."""

from __future__ import annotations

import pandas as pd

from assets.publication.programme import PUBLISHED_TABLES
from assets.publication.standing import basis_of, has_more, only, read_basis, stands
from assets.publication.tables import TrueTable
from schemas.regions import load_region

METHOD = load_region("north_west").disclosure
TABLE = next(one for one in PUBLISHED_TABLES if one.name == "children_looked_after")


def true(children: dict[str, int]) -> dict[str, TrueTable]:
    """Children by breakdown, of one authority: a Total each."""
    keys = pd.DataFrame({"authority_code": "356", "breakdown": list(children), "category": "Total"})
    values = pd.DataFrame({m.name: 0.0 for m in TABLE.measures}, index=keys.index)
    values["children"] = list(map(float, children.values()))
    return {TABLE.name: TrueTable(TABLE, keys, values, values.astype(str))}


def printed(made: dict[str, TrueTable], *measures: str) -> dict[str, pd.DataFrame]:
    """As a release has it, with these measures."""
    return {name: one.keys.join(one.values[[*measures]].astype(str)) for name, one in made.items()}


def test_a_new_breakdown_and_a_new_measure_are_left_out_and_what_is_needed_stays():
    before, now = true({"age": 12, "sex": 12}), true({"age": 12, "religion": 12, "sex": 12})
    has = printed(before, "rate_per_10k")
    left = only(now, has)[TABLE.name]
    assert left.keys["breakdown"].tolist() == ["age", "sex"]
    assert list(left.keys.index) == list(left.values.index) == [0, 1]
    names = {m.name for m in left.table.measures}
    assert {"rate_per_10k", "children"} <= names, "the rate is worked out of the children"
    assert "share" not in names and "share" not in left.values
    assert has_more(now, {TABLE.name: list(has[TABLE.name].columns)})
    assert not has_more(now, {TABLE.name: [m.name for m in TABLE.measures]})


def test_a_basis_is_read_as_it_was_written_and_stands_while_its_parts_do():
    members = pd.DataFrame({"authority_code": ["356"]})
    now = basis_of(true({"age": 12}), members, METHOD)
    whole = read_basis(str(now))
    assert whole is not None and stands(whole, now) and str(whole) == str(now)
    fewer = read_basis(str(now.of({TABLE.name: ["children"]}, None)))
    assert fewer is not None and stands(fewer, now) and not stands(now, fewer)
    assert not stands(fewer, basis_of(true({"age": 13}), members, METHOD))
    assert not stands(fewer, basis_of(true({"age": 12}), members.head(0), METHOD))
    assert not stands(fewer, basis_of({}, members, METHOD)), "a table that went"
    assert read_basis("0" * 64) is None and read_basis(None) is None
    assert not stands(None, now)


def test_what_came_with_a_return_is_told_from_what_came_with_a_version():
    """A table or breakdown that was known, and had no figures then."""
    members = pd.DataFrame({"authority_code": ["356"]})
    before, now = true({"Total": 12}), true({"Total": 12, "Age": 12, "Religion": 12})
    then = read_basis(str(basis_of(before, members, METHOD)))
    assert then is not None and not stands(then, basis_of(now, members, METHOD))
    left = only(now, printed(before, "children"), then)[TABLE.name]
    assert left.keys["breakdown"].tolist() == ["Total", "Age"], "religion is no breakdown of then"

    nothing = read_basis(str(basis_of({}, members, METHOD)))
    assert nothing is not None and not stands(nothing, basis_of(now, members, METHOD))
    assert only(now, {}, nothing).keys() == {TABLE.name} and not only(now, {})
    kept = nothing.of({}, None)
    assert kept.known == nothing.known
    waits = basis_of(now, members, METHOD).of({}, None)
    assert TABLE.name not in waits.known and stands(waits, basis_of(now, members, METHOD))
    assert TABLE.name in basis_of(now, members, METHOD).of({}, nothing).known
