"""The SSDA903 once more as the statutory XML: one authority's system writes it so, beside the CSV
files that it sent first.

Belongs here: the XML, who sends it, and the file. Does not belong here: what stands in the return
(`ssda903.py`).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from xml.sax.saxutils import escape

from made_up.writing import LOADED, Landing, Table

LATER = dt.timedelta(days=1)
"""So long after the CSV files it comes, and takes their place."""
_NAMES = {"CHILD": "CHILDID", "PLACE": "PL"}


def sender_of(answered: set[str], seed: int) -> str:
    """The authority whose system writes XML: the same every quarter, or the next one where it does
    not answer; blank where nobody does.
    """
    ordered = sorted(answered)
    return next(
        (code for code in ordered if int(code) >= 300 + 7 * (seed % 13)),
        ordered[0] if ordered else "",
    )


def send(
    header: Table,
    episodes: Table,
    unaccompanied: Table,
    landing: Landing,
    date: dt.date,
    folder: str,
    sender: str,
    received: dt.datetime,
) -> None:
    """Write the return of a sender; the three tables without slips."""
    tables = [
        Table(t.name, t.header, t.rows, [LOADED] * len(t.rows))
        for t in (header, episodes, unaccompanied)
        if t.rows
    ]
    content = as_xml(header, episodes, unaccompanied).encode("ascii")
    landing.send(
        date, folder, sender, f"ssda903 {date:%Y-%m}.xml", tables, received + LATER, content=content
    )


def as_xml(header: Table, episodes: Table, unaccompanied: Table) -> str:
    """The three tables as one return: a child with its header, and within it its episodes."""
    lived = defaultdict(list)
    for row in episodes.rows:
        lived[row[0]].append(_elements(episodes.header[1:], row[1:]))
    ends = {row[0]: row[unaccompanied.header.index("DUC")] for row in unaccompanied.rows}
    children = []
    for row in header.rows:
        alone = (
            f"<UASC>1</UASC>{_elements(['DUC'], [ends[row[0]]])}" if row[0] in ends else "<UASC />"
        )
        told = "".join(f"<EPISODE>{episode}</EPISODE>" for episode in lived[row[0]])
        children.append(
            f"<CHILD><HEADER>{_elements(header.header, row)}{alone}</HEADER>{told}</CHILD>"
        )
    return (
        f"<?xml version='1.0' encoding='us-ascii'?>\n<EXPSSDA903>{''.join(children)}</EXPSSDA903>\n"
    )


def _elements(names: list[str], values: list[str]) -> str:
    pairs = (
        (_NAMES.get(name, name), str(value)) for name, value in zip(names, values, strict=True)
    )
    return "".join(
        f"<{name}>{escape(value)}</{name}>" if value else f"<{name} />" for name, value in pairs
    )
