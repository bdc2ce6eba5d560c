"""The names that readers use and the tables that hold the rows: one mapping, which touches names
and nothing else.
"""

from __future__ import annotations

import pytest
from sqlglot.dialects.postgres import Postgres
from sqlglot.tokens import TokenType

from assets.warehouse.building import all_checks
from assets.warehouse.models import Model, models
from resources.warehouse import CLOSED_SCHEMAS, physical


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("select * from core.child as c", "select * from core_rows.child as c"),
        ("with a as (select 1 from curated.homes)", "with a as (select 1 from curated_rows.homes)"),
        ('select from core."child", core.child', 'select from core_rows."child", core_rows.child'),
        (
            "insert into raw.finding select * from staging.finding",
            "insert into raw_rows.finding select * from staging_rows.finding",
        ),
        (
            "select * from raw.submission, raw.findings",
            "select * from raw.submission, raw.findings",
        ),
        (
            "select 'of core.child, it''s curated.homes' from core.child",
            "select 'of core.child, it''s curated.homes' from core_rows.child",
        ),
        (
            "-- core.child\nselect /* curated.homes */ 1 from core.area",
            "-- core.child\nselect /* curated.homes */ 1 from core_rows.area",
        ),
        (
            'select "core.child" from a.core.child, hard_core.x',
            'select "core.child" from a.core.child, hard_core.x',
        ),
        ("select * from core_rows.child", "select * from core_rows.child"),
        ("$$ begin delete from core.child; end $$", "$$ begin delete from core_rows.child; end $$"),
    ],
)
def test_names_of_tables_are_replaced_and_nothing_else(written, asked):
    assert physical(written) == asked
    assert physical(asked) == asked, "what names the rows themselves already stays"


def by_tokens(sql: str) -> str:
    """The same by the parser's own tokens, which takes a hundred times as long."""
    tokens, pieces, at = Postgres().tokenize(sql), [], 0
    for first, dot, second in zip(tokens, tokens[1:], tokens[2:], strict=False):
        whole = first.text in {"core", "curated"} or (
            first.text in {"raw", "staging"} and second.text == "finding"
        )
        if whole and dot.token_type == TokenType.DOT:
            pieces += [sql[at : first.start], CLOSED_SCHEMAS[first.text]]
            at = first.end + 1
    return "".join([*pieces, sql[at:]])


def test_every_model_and_check_is_asked_of_the_rows_that_it_names():
    everything: list[Model] = list(models().values())
    for sql in [*(model.sql for model in everything), *(check.sql for check in all_checks())]:
        assert physical(sql) == by_tokens(sql)
    assert {model.physical for model in everything if model.schema == "core"} >= {
        "core_rows.child",
        "core_rows.owner_review",
    }
