"""The SQL keeps its style rules, and each rule finds what it is for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.sql_rules import all_faults, faults_of

GOOD = """-- What the table is.
-- grain: urn
with named as (
    select
        s.urn,
        count(*) as settings
    from core.setting as s
    left join (values ('SC01', 1)) as v (urn, number)
        on s.urn = v.urn
    where exists (select 1 as found from core.premises as p where p.urn = s.urn)
    group by s.urn
)

select
    n.urn,
    cast(n.settings as integer) as settings
from named as n
order by settings
"""

FAULTS = {
    "keywords": ("left join (values", "LEFT JOIN (values", "write `LEFT` in lower case"),
    "names": ("from core.setting as s", "from core.Setting as s", "write `Setting` in lower case"),
    "functions of several words": (
        "group by s.urn",
        "GROUP BY s.urn",
        "write `GROUP BY` in lower case",
    ),
    "alias of a column": (
        "cast(n.settings as integer) as settings",
        "cast(n.settings as integer) settings",
        "`as` before the alias `settings`",
    ),
    "alias of a table": ("from named as n", "from named n", "`as` before the alias `n`"),
    "alias of values": (") as v (urn", ") v (urn", "`as` before the alias `v`"),
    "star": (
        "    n.urn,\n    cast(n.settings as integer) as settings",
        "    n.*",
        "instead of `*`",
    ),
    "bare join": ("left join (values", "join (values", "say which join"),
    "outer": ("left join (values", "left outer join (values", "leave `outer` out"),
    "right join": ("left join (values", "right join (values", "turn the `right join` round"),
    "comma": ("from named as n\n", "from named as n, core.setting as m\n", "instead of a comma"),
    "cast": ("cast(n.settings as integer) as", "n.settings::integer as", "not `::`"),
    "column of one of two": (
        "    select\n        s.urn,",
        "    select\n        number,",
        "which relation the column `number` is of",
    ),
    "column in a correlated subquery": (
        "where p.urn = s.urn",
        "where p.urn = number",
        "which relation the column `number` is of",
    ),
    "tab": ("    n.urn,", "\tn.urn,", "there is a tab"),
    "long line": ("-- What the table is.", "-- " + "long " * 40, "break it before 150"),
    "trailing space": ("    n.urn,", "    n.urn, ", "spaces at the end"),
    "end": ("order by settings\n", "order by settings", "one newline"),
    "two ends": ("order by settings\n", "order by settings\n\n", "one newline"),
    "no description": ("-- What the table is.\n", "", "what the table is"),
    "no grain": ("-- grain: urn\n", "", "`-- grain: ...`"),
    "no SQL": ("order by settings", "order order order", "cannot be parsed"),
}


def test_a_step_may_take_all_that_the_one_before_it_has() -> None:
    """Only the last select says which columns the table has."""
    assert (
        faults_of(
            GOOD.replace("        s.urn,\n        count(*) as settings", "        s.*"),
            "x.sql",
            "core",
        )
        == []
    )


def test_the_sql_keeps_its_rules() -> None:
    assert not all_faults(), "\n".join(map(str, all_faults()))


def test_good_sql_has_no_fault() -> None:
    assert not faults_of(GOOD, "core/good.sql", "core")


@pytest.mark.parametrize("name", FAULTS)
def test_each_rule_finds_its_fault(name: str) -> None:
    before, after, remedy = FAULTS[name]
    assert before in GOOD
    found = faults_of(GOOD.replace(before, after), "core/bad.sql", "core")
    assert any(remedy in fault.remedy for fault in found), found


def test_a_fault_names_file_and_line() -> None:
    fault = faults_of(
        GOOD.replace("from named as n", "from named n"), "dbt_like_sql/core/bad.sql", "core"
    )[0]
    assert str(fault) == "dbt_like_sql/core/bad.sql:17: write `as` before the alias `n`"


def test_the_head_of_a_warehouse_test() -> None:
    text = "-- severity: blocks\nselect s.urn from core.setting as s\n"
    assert [fault.remedy for fault in faults_of(text, "tests/bad.sql", "tests")] == [
        "add the line `-- checks: ...` to the head",
        "begin the file with comment lines that say what a failure means",
    ]


STAGING = Path(__file__).resolve().parents[2] / "dbt_like_sql" / "staging"


def test_what_two_views_must_say_alike_they_say_alike():
    """Staging reads raw alone, so what two tables share stands in a view of each."""
    gains, stock = (
        (STAGING / f"{name}.sql").read_text(encoding="utf-8")
        for name in ("fostering_gains", "in_house_fostering")
    )
    types = [
        re.search(r"    case\n.*?end as approval_type", text, re.DOTALL).group()
        for text in (gains, stock)
    ]
    assert types[0] == types[1]
