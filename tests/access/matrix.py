"""The matrix of rights, as docs/access_matrix.md shows it: `python -m tests.access.matrix` writes
it, a test holds it.

It is made from the policies; that the database keeps to them is tested row by row (`test_matrix`)
and by attack (`test_attack`).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from assets.access.policies import EVERY_ROW, KINDS, OWN, policies
from schemas.regions import load_region

MATRIX = Path(__file__).resolve().parents[2] / "docs" / "access_matrix.md"

HEAD = """\
# Who reads which rows

Written by `python -m tests.access.matrix` from the policies (`assets/access/policies.py`); a test holds it. Five kinds of login; every
right is to read. *all*: every row. A condition: the rows for which it holds, `own` being the login's
authority (`own.members` those of its sub-region, whose groups have logins where the region's file
says `sub_regional_groups = true`) and `for_quarter` the row's own quarter. Blank: nothing. To the group of a
sub-region the sub-region's, region's and neighbours' figures in its members' rows are blank, and the ranks beside them. A table marked
**children** has rows about single children: every reading of it is written down. Views are read with the reader's own rights. A table that is not
here is closed to everybody.

| table | authority | group of a sub-region | regional | engineer | public |
|---|---|---|---|---|---|
"""


def matrix_text() -> str:
    """The whole page."""
    lines = []
    region = replace(load_region("north_west"), sub_regional_groups=True)
    for policy in policies(region).values():
        cells = [_cell(policy.readers.get(kind, "")) for kind in KINDS]
        if policy.approved:
            cells[0] += (
                f", as the last approved release had them but where {_cell(policy.approved.live)}"
                if policy.approved.live != "false"
                else ", as the last approved release had them"
            )
        name = f"{policy.table}{' (view)' if policy.is_view else ''}{' **children**' if policy.is_about_children else ''}"
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return HEAD + "\n".join(sorted(lines)) + "\n"


def _cell(condition: str) -> str:
    if condition == EVERY_ROW:
        return "all"
    return f"`{condition.replace(OWN, 'own')}`" if condition else ""


if __name__ == "__main__":
    MATRIX.write_text(matrix_text(), encoding="utf-8")
    print(f"Written: {MATRIX}")
