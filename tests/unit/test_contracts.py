"""The contracts: for every column that has a rule, data that breaks it fails with that rule, and
good data passes.

A validation library that silently checks less than it says is the danger here: so every rule is
broken, in every table.
"""

from __future__ import annotations

import pandas as pd
import pandera.errors
import pytest

from assets.intake.parsing import parse
from schemas.contracts import contract, derived_columns, dtype, failures
from schemas.returns import return_tables
from tests.unit.at_the_door import DAY, GOOD, TABLES


def typed(table: str, rows: int = 3) -> pd.DataFrame:
    """Good rows as the door hands them to the contract."""
    layout = return_tables()[table]
    columns = {
        c.name: parse(c, pd.Series([GOOD[table].get(c.name, "")] * rows, dtype="str"), DAY).typed
        for c in layout.columns
    }
    return pd.DataFrame(columns)


def broken(table: str, frame: pd.DataFrame) -> list[tuple[int, str, str]]:
    return [tuple(row) for row in failures(return_tables()[table], frame).itertuples(index=False)]


@pytest.mark.parametrize("table", TABLES)
def test_good_data_passes(table):
    assert broken(table, typed(table)) == []
    assert broken(table, typed(table, 0)) == []


LAYOUTS = [return_tables()[name] for name in TABLES]
LIMITS = {
    t.name: [
        (c, end, past)
        for c in t.columns
        for end, past in ((c.minimum, -1), (c.maximum, 1))
        if end is not None
    ]
    for t in LAYOUTS
}
"""Every column with a limit, the limit, and the way beyond it, by table."""
SUMS = [pytest.param(t.name, s, id=f"{t.name}: {s.rule}") for t in LAYOUTS for s in t.sums]
ORDERS = [pytest.param(t.name, o, id=f"{t.name}: {o.last}") for t in LAYOUTS for o in t.orders]
TOGETHER = [pytest.param(t.name, p, id=f"{t.name}: {p.rule}") for t in LAYOUTS for p in t.together]
ASKED = [
    pytest.param(t.name, c, id=f"{t.name}: {c.name}")
    for t in LAYOUTS
    for c in t.columns
    if c.needed_when
]


def test_there_are_rules_of_each_kind():
    assert min(map(len, (SUMS, ORDERS, TOGETHER, ASKED))) > 0
    assert sum(map(len, LIMITS.values())) > 20


@pytest.mark.parametrize("table", TABLES)
def test_a_blank_in_any_needed_column_fails(table):
    needed = return_tables()[table].needed
    frame = typed(table, len(needed) + 1)
    for row, column in enumerate(needed):
        frame[column] = frame[column].mask([number == row for number in range(len(frame))])
    assert [row for row in broken(table, frame) if row[2] == "blank"] == [
        (row, column, "blank") for row, column in enumerate(needed)
    ]
    assert len(needed) not in {index for index, _, _ in broken(table, frame)}


@pytest.mark.parametrize("table", TABLES)
def test_a_blank_in_any_other_column_passes(table):
    frame = typed(table)
    sums = {name for s in return_tables()[table].sums for name in (s.total, *s.parts)}
    for column in return_tables()[table].columns:
        if not column.needed and column.name not in sums and not column.needed_when:
            frame[column.name] = frame[column.name].mask([True, True, True])
    assert broken(table, frame) == []


@pytest.mark.parametrize("table", [name for name, limits in LIMITS.items() if limits])
def test_a_value_beyond_its_limit_fails_there_and_one_at_its_limit_passes(table):
    frame = typed(table, 2 * len(LIMITS[table]))
    for column, _, _ in LIMITS[table]:
        frame[column.name] = frame[column.name].astype(dtype(column.type))
    for number, (column, end, past) in enumerate(LIMITS[table]):
        frame.loc[2 * number, column.name] = end + past
        frame.loc[2 * number + 1, column.name] = end
    found = [row for row in broken(table, frame) if row[2] == "out_of_range"]
    assert found == [
        (2 * number, column.name, "out_of_range")
        for number, (column, _, _) in enumerate(LIMITS[table])
    ]


@pytest.mark.parametrize(("table", "check"), SUMS)
@pytest.mark.parametrize("sign", [1, -1], ids=["too much", "too little"])
def test_parts_that_miss_their_total_fail_beyond_the_tolerance_and_not_within(table, check, sign):
    frame = typed(table)
    frame.loc[1, check.total] += sign * check.within
    assert broken(table, frame) == []
    frame.loc[1, check.total] += sign * (0.01 if check.within else 1)
    assert broken(table, frame) == [(1, check.rule, check.rule)]


@pytest.mark.parametrize(("table", "order"), ORDERS)
def test_an_end_before_its_start_fails_and_one_on_the_same_day_or_none_passes(table, order):
    frame = typed(table, 4)
    start = frame[order.first].iloc[0]
    step = pd.Timedelta(days=1) if isinstance(start, pd.Timestamp) else 1
    frame[order.last] = pd.Series(
        [start - step, start, start + step, None], dtype=frame[order.last].dtype
    )
    assert [row for row in broken(table, frame) if row[2] == order.rule] == [
        (0, order.rule, order.rule)
    ]


@pytest.mark.parametrize(("table", "pair"), TOGETHER)
def test_what_belongs_together_fails_where_it_is_given_apart(table, pair):
    one, other = pair.columns
    frame = typed(table, 4)
    given = {name: pd.Series(["2024-05-01"] * 4).astype(frame[name].dtype) for name in pair.columns}
    frame[one] = given[one].mask([True, True, False, False])
    frame[other] = given[other].mask([True, False, True, False])
    assert [row for row in broken(table, frame) if row[2] == pair.rule] == [
        (1, pair.rule, pair.rule),
        (2, pair.rule, pair.rule),
    ]


@pytest.mark.parametrize(("table", "column"), ASKED)
def test_what_is_asked_for_is_missed_only_where_it_is_asked_for(table, column):
    frame = typed(table)
    frame[column.name] = frame[column.name].mask([True, True, True])
    frame[column.needed_when] = pd.array([0, 1, None], dtype=frame[column.needed_when].dtype)
    assert [row for row in broken(table, frame) if row[1] == column.name] == [
        (1, column.name, "reason_not_given")
    ]


def test_several_rules_broken_in_one_row_are_all_found():
    frame = typed("provider_settings")
    frame.loc[0, "vacant_places"] = -1
    frame.loc[0, "max_age"] = 99
    frame["urn"] = frame["urn"].mask([True, False, False])
    rules = {(index, rule) for index, _, rule in broken("provider_settings", frame)}
    assert rules == {(0, "out_of_range"), (0, "blank"), (0, "counts_do_not_add_up")}
    assert ("max_age" in {column for _, column, _ in broken("provider_settings", frame)}) and len(
        broken("provider_settings", frame)
    ) == 4


def test_the_index_of_a_failure_is_that_of_the_row():
    frame = typed("provider_settings")
    frame.index = [70, 40, 90]
    frame.loc[40, "vacant_places"] = -1
    assert {index for index, _, _ in broken("provider_settings", frame)} == {40}


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda f: f.drop(columns="urn"), id="a column lost"),
        pytest.param(lambda f: f.assign(extra="x"), id="a column more"),
        pytest.param(lambda f: f.assign(vacant_places="1"), id="another type"),
    ],
)
def test_a_fault_of_the_program_is_never_told_to_a_sender(damage):
    """A frame of other columns or types is our fault: it raises, and is not turned into findings
    about somebody's rows.
    """
    with pytest.raises(pandera.errors.SchemaErrors):
        contract("provider_settings").validate(
            damage(
                derived_columns(return_tables()["provider_settings"], typed("provider_settings"))
            ),
            lazy=True,
        )


def test_a_frame_of_the_wrong_type_raises_instead_of_becoming_findings():
    frame = typed("provider_settings").assign(households=["8", "x", "9"])
    with pytest.raises(pandera.errors.SchemaErrors):
        failures(return_tables()["provider_settings"], frame)
