"""The reference's pages on returns: each layout, the code sets, and the rules with their sentences.

Belongs here: what a page on a return shows. Does not belong here: the layouts, codes and rules
(`schemas`).
"""

from __future__ import annotations

import re

from docs.generator.writing import code, codes, page, plain, prose, table
from schemas.codes import HERE as CODES
from schemas.codes import code_set
from schemas.returns import PERSONAL, Column, ReturnTable, return_tables
from schemas.rules import NOTES, REJECTS_FILE, REJECTS_ROW, WARNS, rules

_SPELLINGS_SHOWN = 4


def pages() -> dict[str, str]:
    """All pages on returns, by path."""
    found = {f"reference/returns/{one.name}": _return(one) for one in return_tables().values()}
    found["reference/returns/index"] = _index()
    found["reference/codes"] = _codes()
    found["reference/rules"] = _rules()
    return found


def _index() -> str:
    rows = [
        [f"[{plain(one.title)}]({one.name}.md)", plain(", ".join(one.senders)), prose(one.grain)]
        for one in sorted(return_tables().values(), key=lambda one: one.title)
    ]
    return page(
        "Returns",
        "Every table that a return may hold. Its content says which it is, not the file's name. "
        "How to send one is in [sending a return](../../sending_a_return.md).",
        table(["return", "sent by", "holds"], rows),
    )


def _return(one: ReturnTable) -> str:
    facts = [
        ["holds", prose(one.grain)],
        ["sent by", plain(", ".join(one.senders))],
        ["recognised by", codes(one.recognised_by) + _one_of(one)],
        ["layout", code(f"schemas/returns/{one.name}.toml")],
        [
            "table",
            (
                code(f"raw.{one.name}")
                if not one.leave_alone
                else "recognised and recorded; nothing of it is kept"
            ),
        ],
    ]
    if one.identity:
        facts.append(["two rows are one if they agree in", codes(one.identity)])
    derived = [[code(f.name), prose(f.description)] for f in one.derived]
    return page(
        one.title,
        "[All returns](index.md)",
        table(["", ""], facts),
        "## Columns",
        table(
            ["column", "meaning", "accepted"],
            [_column(c) for c in one.columns if not _is_item(one, c)],
        ),
        _items(one),
        _held_together(one),
        "## Columns that the observatory adds" if derived else "",
        table(["column", "meaning"], derived) if derived else "",
        orphan=True,
    )


def _one_of(one: ReturnTable) -> str:
    return f", and one of {codes(one.recognised_by_one_of)}" if one.recognised_by_one_of else ""


def _is_item(one: ReturnTable, column: Column) -> bool:
    return bool(one.items) and column.field.name == "cans_answer"


def _items(one: ReturnTable) -> str:
    items = [c for c in one.columns if _is_item(one, c)]
    if not items:
        return ""
    return (
        "## Items\n\nThe answers are counted at the door and not kept: "
        f"{plain('; '.join(c.headers[0] for c in items))}."
    )


def _column(column: Column) -> list[str]:
    return [
        f"{code(column.name)}<br>*{plain(column.type)}*",
        prose(column.field.description),
        _accepted(column),
    ]


def _accepted(column: Column) -> str:
    """What a header and a value may be, in short."""
    said = []
    if column.needed:
        said.append("**needed**")
    if column.needed_when:
        said.append(f"needed when {prose(column.needed_when)}")
    if column.codes:
        said.append(
            f"a label of [{plain(column.codes)}](../codes.md#{column.codes.replace('_', '-')})"
        )
    if column.minimum is not None or column.maximum is not None:
        said.append(_range(column))
    if column.strict:
        said.append("an unreadable value rejects the row")
    if column.first or column.last:
        said.append(_from_to(column))
    if column.personal:
        said.append(prose(PERSONAL[column.personal].kept))
    if others := [h for h in column.headers if h != column.name]:
        more = (
            f" and {len(others) - _SPELLINGS_SHOWN} more" if len(others) > _SPELLINGS_SHOWN else ""
        )
        said.append(f"header also {plain('; '.join(others[:_SPELLINGS_SHOWN]))}{more}")
    return "; ".join(said)


def _range(column: Column) -> str:
    if column.maximum is None:
        return f"{column.minimum:g} or more"
    if column.minimum is None:
        return f"at most {column.maximum:g}"
    return f"{column.minimum:g} to {column.maximum:g}"


def _from_to(column: Column) -> str:
    ends = [
        f"from {column.first}" if column.first else "",
        f"to {column.last}" if column.last else "",
    ]
    return f"in the layout {' '.join(filter(None, ends))}"


def _held_together(one: ReturnTable) -> str:
    """The rules that hold columns against each other."""
    rows = [[_rule_link(s.rule), f"{codes(s.parts)} add up to {code(s.total)}"] for s in one.sums]
    rows += [
        [_rule_link(o.rule), f"{code(o.first)} is not after {code(o.last)}"] for o in one.orders
    ]
    rows += [
        [_rule_link(t.rule), f"{codes(t.columns)} are given together or not at all"]
        for t in one.together
    ]
    return (
        "## Columns held against each other\n\n" + table(["rule", "what must be so"], rows)
        if rows
        else ""
    )


def _rule_link(name: str) -> str:
    return f"[`{name}`](../rules.md#{name.replace('_', '-')})"


def _codes() -> str:
    parts = [
        "The labels that a column may hold. Case, spaces and dashes do not matter; other "
        "spellings that are understood are in the file."
    ]
    for path in sorted(CODES.glob("*.csv")):
        found = code_set(path.stem)
        names = list(
            dict.fromkeys(name for meanings in found.meanings.values() for name in meanings)
        )[:2]
        rows = [
            [plain(label), *(plain(found.meanings[label].get(name, "")) for name in names)]
            for label in found.labels
        ]
        parts += [
            f"## {path.stem}",
            f"File: `schemas/codes/{path.name}`.",
            table(["label", *(plain(n.replace("_", " ")) for n in names)], rows),
        ]
    return page("Code sets", *parts)


_SEVERITIES = {
    REJECTS_FILE: "Nothing of the file is taken in; the return before it stays in force.",
    REJECTS_ROW: "The row is rejected; the rest of the file is taken in.",
    WARNS: "The row or file is taken in, and the sender is warned.",
    NOTES: "The row or file is taken in; the sender is told what was done with it.",
}


def _rules() -> str:
    parts = [
        (
            "Every rule that a return can break, by what breaking it does, and the sentence that "
            "the sender reads in the answer. "
            "Words in ⟨brackets⟩ are filled in. To find out why one row was rejected, see [the "
            "how-to](../how_to/regional_group.md#find-out-why-a-row-was-rejected)."
        ),
    ]
    for severity, does in _SEVERITIES.items():
        parts += [f"## A rule that {severity}", does]
        for one in sorted(
            (r for r in rules().values() if r.severity == severity), key=lambda r: r.name
        ):
            parts += [f"### {one.name}", plain(re.sub(r"\{(\w+)\}", r"⟨\1⟩", one.says))]
    return page("Rules", *parts)
