"""Pandera contracts of the returns, built from the layouts: one definition of each column, checked
where a return enters.

Belongs here: what a typed value must be (there, in range, adding up, given when needed). Does not
belong here: reading a cell (`assets/intake/parsing.py`), or what a broken rule does to a row
(`rules.toml`).

A contract is of a typed frame: one column a layout column, and one derived column for each rule
over several columns. Pandera is imported when a contract is built, because its import takes a
second.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from schemas.returns import ReturnTable, return_tables

if TYPE_CHECKING:
    import pandera.pandas as pa

DTYPES = {"integer": "Int64", "money": "float64", "date": "datetime64[us]", "yes_no": "boolean"}
"""Pandas type of a typed column by field type; every other type is text."""


def dtype(field_type: str) -> str:
    """The pandas type of a typed column."""
    return DTYPES.get(field_type, "str")


def derived_columns(table: ReturnTable, typed: pd.DataFrame) -> pd.DataFrame:
    """The typed frame with one column for each rule over several columns.

    `sum:<rule>` is the total less its parts (0 where the total or all parts are blank), rounded to
    a tenth of a penny; `given:<column>` is False where a column is blank although the column that
    asks for it is above 0; `order:<rule>` is False where a date or number is after the one that it
    must not be after; `together:<rule>` is False where columns are given apart.
    """
    derived = {}
    for check in table.sums:
        parts = typed[list(check.parts)].astype("float64")
        difference = typed[check.total].astype("float64") - parts.sum(axis=1)
        derived[f"sum:{check.rule}"] = (
            difference.where(parts.notna().any(axis=1)).fillna(0.0).round(3)
        )
    for order in table.orders:
        derived[f"order:{order.rule}"] = ~(typed[order.first] > typed[order.last]).fillna(
            value=False
        ).astype("bool")
    for pair in table.together:
        given = [typed[name].notna() for name in pair.columns]
        derived[f"together:{pair.rule}"] = ~pd.Series(
            np.logical_xor.reduce(given[:2]), index=typed.index
        )
    for column in table.columns:
        if column.needed_when:
            asked = typed[column.needed_when].astype("float64").fillna(0) > 0
            derived[f"given:{column.name}"] = ~(asked & typed[column.name].isna())
    return typed.assign(**derived)


@cache
def contract(table_name: str) -> pa.DataFrameSchema:
    """The contract of a return's table, to be validated with `lazy=True`.

    The error of each check is the rule that its failure breaks; a blank in a needed column fails
    `not_nullable`.
    """
    import pandera.pandas as pa

    table = return_tables()[table_name]
    columns = {}
    for column in table.columns:
        checks = []
        if column.minimum is not None:
            checks.append(pa.Check.ge(column.minimum, error="out_of_range"))
        if column.maximum is not None:
            checks.append(pa.Check.le(column.maximum, error="out_of_range"))
        columns[column.name] = pa.Column(
            dtype(column.type),
            checks=checks,
            nullable=not column.needed,
            description=column.field.description,
        )
    for check in table.sums:
        within = check.within + 0.0001
        columns[f"sum:{check.rule}"] = pa.Column(
            "float64", pa.Check.in_range(-within, within, error=check.rule)
        )
    for kind, rules in (("order", table.orders), ("together", table.together)):
        for entry in rules:
            columns[f"{kind}:{entry.rule}"] = pa.Column(
                "bool", pa.Check.isin([True], error=entry.rule)
            )
    for column in table.columns:
        if column.needed_when:
            columns[f"given:{column.name}"] = pa.Column(
                "bool", pa.Check.isin([True], error="reason_not_given")
            )
    return pa.DataFrameSchema(columns, strict=True, name=table.name, description=table.title)


def failures(table: ReturnTable, typed: pd.DataFrame) -> pd.DataFrame:
    """What breaks the contract: a frame with `index` (of `typed`), `column` and `rule`, empty where
    all is well.
    """
    import pandera.errors

    frame = derived_columns(table, typed)
    try:
        contract(table.name).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as broken:
        cases = broken.failure_cases
        if (
            cases["index"].isna().any()
        ):  # a fault of the frame itself (a type, a column), never of a return
            raise
        failing = pd.DataFrame(
            {
                "index": cases["index"].astype("int64"),
                "column": (
                    cases["column"].str.replace(r"^(sum|given|order|together):", "", regex=True)
                ),
                "rule": cases["check"].replace("not_nullable", "blank"),
            }
        )
        return failing.drop_duplicates().sort_values(["index", "column", "rule"], ignore_index=True)
    return pd.DataFrame(
        {
            "index": pd.Series(dtype="int64"),
            "column": pd.Series(dtype="str"),
            "rule": pd.Series(dtype="str"),
        }
    )
