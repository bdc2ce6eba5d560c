"""The page on the Placements Standard, docs/placements_standard.md: `python -m tests.vocabulary`
writes it, a test holds it.

It is made from the layout (`schemas/returns/placements_standard.toml`), the code sets and the table
of matches.
"""

from __future__ import annotations

from pathlib import Path

from schemas.codes import code_set
from schemas.returns import Column, return_tables
from schemas.vocabulary import matches

PAGE = Path(__file__).resolve().parents[1] / "docs" / "placements_standard.md"
TABLE = return_tables()["placements_standard"]

HEAD = """\
# The national Placements Standard

Written by `python -m tests.vocabulary` from the layout, the code sets and `schemas/reference/standard_vocabulary.csv`; a test holds it.

The national Children's Social Care Placements Standard (PUB00, Open Government Licence v3) is a
search for a home, and the home that was found. An authority drops it into its folder as **CSV**, in
one of the **official templates** (`.xlsx`, April and June 2026), or as **JSON-LD**; the same record
gives the same row from each. `observatory template placements-standard --out FILE` writes an empty
template (`--filled`: with made-up searches).

- Of a template the rows below the example count. The explanations, the example in the row below
  them, the sheets `Checklist and QA` and of options are none. A record in the example's
  row is not counted, and its sender is told.
- The file holds no authority, age or sex: the sender's folder tells the authority, the SSDA903's
  header the others, by the child's key. The child's reference becomes a keyed hash, as in every
  return; names of officers and free texts are dropped at the door.
- Options are matched after case, blanks, dashes and trailing commas. What is none of a column's
  options rejects the row where the standard asks for the column, and is left out, with a word to
  the sender, where it does not. A blank rejects nothing but a row without a child's reference: the
  sender is told what the standard would have.
- A risk that is blank was **not asked**, and is no "no": the shapes ask for eleven, the template
  for ten.
- `education_continuity` asks one thing in its name and the opposite in its question. The answer is
  kept as it was given, nothing is worked out from it, and the sender is asked what Yes means.
- `placement_location` is an **outward** code and stays one: `SK13` is never the sector SK1 3. Its
  area is the authority that has most of it, with its share, and always marked approximate
  (`staging.outward_code`; ONS Postcode Directory, November 2025, Open Government Licence v3).
- The answer to JSON-LD counts its records as rows below a header: the first one is row 2.
- Of JSON-LD a record is rejected, too, that lacks a part or has one twice.
- A record that says Other without the words that the shapes ask for is rejected, whatever its format,
  where there is a place for them: the template has a column for those of additional support alone.
- Authorities read their searches in `curated.search`. `curated.search_outcome` and
  `curated.needs_profile` are counts; whoever is not the authority itself reads them to the nearest
  5, without those of 0 to 7, and no fee.

A release goes out in the standard's words, too: `observatory export --census-date DATE --out DIR`
writes its tables with the standard's concepts beside our labels.
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD, _columns(), _options(), _matches()]
    return "\n".join(parts)


def _columns() -> str:
    lines = [
        "## The columns",
        "",
        "| column | in JSON-LD | asked of | values | what is kept |",
        "|---|---|---|---|---|",
    ]
    for column in TABLE.columns:
        name = f"`{column.headers[0]}`{'' if column.in_template else ' (not in the template)'}"
        lines.append(
            f"| {name} | {f'`{column.path}`' if column.path else ''} | {_asked(column)} |"
            f" {_accepted(column)} | {_kept(column)} |"
        )
    return "\n".join([*lines, ""])


def _asked(column: Column) -> str:
    if column.needed:
        return "every record, or it is rejected"
    asked = {
        "always": "every record",
        "elsewhere": "searches elsewhere",
        "placed": "homes that were found",
    }
    return asked.get(column.wanted, "")


def _accepted(column: Column) -> str:
    if column.codes:
        return f"{'one or more of ' if column.several else ''}{', '.join(_plain(label) for label in code_set(column.codes).labels)}"
    words = {
        "integer": "a whole number, NA" if column.name == "siblings_to_place_with" else "a whole number", "money": "pounds", "date": "a date",
        "yes_no": "Yes, No", "outward_code": "an outward code", "urn": "a number of a provider",
    }  # fmt: skip
    return words.get(column.type, "text")


def _plain(label: str) -> str:
    return label.replace("<", "&lt;").replace(">", "&gt;")


def _kept(column: Column) -> str:
    if column.personal == "child key":
        return "a keyed hash"
    return f"`{column.name}`" if column.kept_as else "nothing"


def _options() -> str:
    lines = [
        "## Its options and their concepts",
        "",
        "| column | option | concept |",
        "|---|---|---|",
    ]
    sets = {column.codes: column for column in reversed(TABLE.columns) if column.codes}
    for name, column in reversed(sets.items()):
        alike = sum(other.codes == name for other in TABLE.columns) - 1
        title = f"`{column.headers[0]}`{f' and {alike} more' if alike else ''}"
        for label, meaning in code_set(name).meanings.items():
            lines.append(f"| {title} | {_plain(label)} | `{meaning['concept']}` |")
    return "\n".join([*lines, ""])


def _matches() -> str:
    lines = [
        "## Our words and the standard's",
        "",
        (
            "Said from our side: *exact*; *broad*, where the standard's concept holds more than"
            " ours; *narrow*,"
        ),
        "where it holds less; *close*, where it is not quite the same thing; *none*.",
        "",
        "| our column | our label | match | the standard's concept | note |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| `{m.column}` | {m.label} | {m.match} | {f'`{m.concept}`' if m.concept else ''} |"
        f" {m.note} |"
        for m in matches()
    ]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"Written: {PAGE}")
