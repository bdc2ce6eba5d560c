"""What parsing tells of a SELECT's columns: types and lineage, worked by hand for each way that the
models are written.
"""

import pytest
import sqlglot
from sqlglot.errors import SqlglotError
from sqlglot.schema import MappingSchema

from assets.warehouse.models import models, understandings
from assets.warehouse.sql import understand

A = ("raw", "a")
B = ("core", "b")
TABLES = {
    "raw": {"a": {"k": "text", "x": "text", "n": "integer", "day": "date"}},
    "core": {"b": {"k": "text", "x": "text", "cost": "numeric"}},
}


def _understand(sql):
    return understand(
        sqlglot.parse_one(sql, dialect="postgres"), MappingSchema(TABLES, dialect="postgres")
    )


@pytest.mark.parametrize(
    ("sql", "parents"),
    [
        pytest.param(
            "select x as y, 1 as one from raw.a",
            {"y": {(A, "x")}, "one": set()},
            id="a name and a constant",
        ),
        pytest.param(
            "select a.x || b.x as both from raw.a join core.b on b.k = a.k",
            {"both": {(A, "x"), (B, "x")}},
            id="joined, not by the key",
        ),
        pytest.param(
            "select x from raw.a where n > 1 group by x, day having max(n) > 2 order by day",
            {"x": {(A, "x")}},
            id="not what filters",
        ),
        pytest.param(
            "select count(*) as how_many, count(n) as of_n, sum(n) as total from raw.a",
            {"how_many": set(), "of_n": {(A, "n")}, "total": {(A, "n")}},
            id="counts and sums",
        ),
        pytest.param(
            "select x, n::text as m from raw.a union all select k, cost::text from core.b",
            {"x": {(A, "x"), (B, "k")}, "m": {(A, "n"), (B, "cost")}},
            id="union, by place",
        ),
        pytest.param(
            "with first as (select k, x as y from raw.a), second as (select k, upper(y) as z from"
            " first) select z, k from second",
            {"z": {(A, "x")}, "k": {(A, "k")}},
            id="a CTE on a CTE",
        ),
        pytest.param(
            "with both as (select k, x from raw.a union select k, x from core.b) select one.x,"
            " other.k from both as one join both as other using (k)",
            {"x": {(A, "x"), (B, "x")}, "k": {(A, "k"), (B, "k")}},
            id="a CTE with a union, read twice",
        ),
        pytest.param(
            "with every as (select * from raw.a) select x, n from every",
            {"x": {(A, "x")}, "n": {(A, "n")}},
            id="a star in a CTE",
        ),
        pytest.param(
            "with every as (select b.*, a.day from raw.a join core.b using (k)) select x, day from"
            " every",
            {"x": {(B, "x")}, "day": {(A, "day")}},
            id="a table's star",
        ),
        pytest.param(
            "select s.most from (select k, max(n) as most from raw.a group by k) as s",
            {"most": {(A, "n")}},
            id="a subquery in from",
        ),
        pytest.param(
            "select (select max(b.cost) from core.b where b.k = a.k) as dearest from raw.a",
            {"dearest": {(B, "cost")}},
            id="a correlated subquery",
        ),
        pytest.param(
            "select x from raw.a where exists (select 1 from core.b where b.k = a.k)",
            {"x": {(A, "x")}},
            id="a subquery that only filters",
        ),
        pytest.param(
            "select k, row_number() over (partition by x order by day) as place, lag(n) over (order"
            " by day) as before from raw.a",
            {"k": {(A, "k")}, "place": {(A, "x"), (A, "day")}, "before": {(A, "n"), (A, "day")}},
            id="windows, with what they order by",
        ),
        pytest.param(
            "select case when a.n > 1 then b.x else 'none' end as said from raw.a left join core.b"
            " using (k)",
            {"said": {(A, "n"), (B, "x")}},
            id="a case, with what it asks",
        ),
        pytest.param(
            "select sum(n) filter (where day is not null) as dated from raw.a",
            {"dated": {(A, "n"), (A, "day")}},
            id="a filtered sum",
        ),
        pytest.param(
            "with v as (select * from (values ('p', 1)) as t (label, worth)) select a.x, v.worth"
            " from raw.a join v on v.label = a.k",
            {"x": {(A, "x")}, "worth": set()},
            id="values written out",
        ),
    ],
)
def test_lineage_is_of_values(sql, parents):
    assert _understand(sql).parents == parents


def test_types_are_postgresqls():
    told = _understand(
        "select a.x, n, day, cost, count(*) as how_many, n > 1 as many, round(cost, 1) as rounded,"
        " null as nothing from raw.a join core.b using (k)"
    ).types
    assert list(told) == ["x", "n", "day", "cost", "how_many", "many", "rounded", "nothing"]
    assert told == {
        "x": "text", "n": "int", "day": "date", "cost": "decimal", "how_many": "bigint", "many": "boolean", "rounded": "decimal", "nothing": "text",
    }  # fmt: skip


def test_a_column_that_no_table_has_is_refused():
    with pytest.raises(SqlglotError):
        _understand("select a.misspelt from raw.a")


def test_every_model_is_understood_column_by_column():
    understood = understandings()
    for relation, model in models().items():
        assert (
            tuple(understood[relation].types)
            == tuple(understood[relation].parents)
            == model.columns
        )
        for parents in understood[relation].parents.values():
            assert {read for read, _ in parents} <= model.upstream
