"""`observatory export`: a release's tables in the words of the national Placements Standard."""

from __future__ import annotations

import csv
import datetime as dt
import json
from pathlib import Path

import click

from pipelines.command.options import CensusDate
from resources.errors import ObservatoryError
from resources.settings import settings_from_environment
from schemas.vocabulary import Match, address, concepts_of, matches

IN_CATEGORIES = {"Placement type": "placement_type"}
"""Breakdowns of a table whose categories are another column's labels."""


@click.command("export")
@click.option(
    "--census-date",
    "date",
    type=CensusDate(),
    required=True,
    help="The quarter end of the release.",
)
@click.option(
    "--release", "number", type=click.IntRange(1), help="Its number; the newest unless given."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="A new or empty folder to write to.",
)
def command(date: dt.date, number: int | None, out: Path) -> None:
    """Write a release's tables with the concepts of the national Placements Standard beside our
    labels.

    The figures are those of the release, cell for cell. Beside a column with labels that the
    standard has a concept for stand two more: its concept's address, and how well it matches
    (exact, broad, narrow, close), both blank where it has none. Tables without such a column are
    left out.
    """
    folder = _release(settings_from_environment().releases / date.isoformat(), date, number)
    if out.exists() and any(out.iterdir()):
        raise click.UsageError(
            f"{out} holds something; a new or empty folder was expected. Give another one with"
            " --out."
        )
    out.mkdir(parents=True, exist_ok=True)
    tables = [path for path in sorted(folder.glob("*.csv")) if not path.name.endswith(".meta.csv")]
    written = [path.name for path in tables if export(path, out / path.name)]
    (out / "about.md").write_text(_about(folder, date), encoding="utf-8")
    print(
        f"{date}, {folder.name}: {len(written)} of {len(tables)} tables have labels of the"
        f" standard's, and were written to {out}:"
    )
    print("  " + ", ".join(name.removesuffix(".csv") for name in written))


def _about(folder: Path, date: dt.date) -> str:
    """What the folder holds, and whether it is made up, as the release says of itself."""
    manifest = folder / "manifest.json"
    made_up = (
        json.loads(manifest.read_text(encoding="utf-8")).get("made_up", "")
        if manifest.is_file()
        else ""
    )
    lines = [
        (
            f"Tables of the release {folder.name} of {date}, cell for cell, with the concepts of"
            " the national Children's Social Care Placements"
        ),
        (
            "Standard (Open Government Licence v3) beside their labels. How each label matches is"
            " told from our side, in SKOS's words: exact;"
        ),
        (
            "broad, where the standard's concept holds more than ours; narrow, where it holds less;"
            " close, where it is not quite the same thing."
        ),
    ]
    return "\n".join([*([made_up, ""] if made_up else []), *lines, ""])


def _release(releases: Path, date: dt.date, number: int | None) -> Path:
    there = (
        {int(path.name[1:]): path for path in releases.glob("r*") if path.name[1:].isdigit()}
        if releases.is_dir()
        else {}
    )
    if not there or (number is not None and number not in there):
        numbers = ", ".join(f"r{n}" for n in sorted(there))
        named = (
            f"no release r{number} of {date}; there is {numbers}"
            if there
            else f"no release of {date}"
        )
        raise ObservatoryError(
            f"There is {named}. A published one was expected: `observatory status` says which there"
            " are."
        )
    return there[number or max(there)]


def export(source: Path, target: Path) -> bool:
    """Write a table with the standard's concepts beside its labels; False, and nothing written,
    where none of its columns has any.
    """
    with source.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    told = {match.column for match in matches() if match.label}
    named = [place for place, column in enumerate(header) if column in told]
    by_category = "category" in header and "breakdown" in header
    if not named and not (
        by_category and any(row[header.index("breakdown")] in IN_CATEGORIES for row in rows)
    ):
        return False
    places = [*named, *([header.index("category")] if by_category else [])]
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            [
                *header,
                *(f"{header[place]}_{more}" for place in places for more in ("concept", "match")),
            ]
        )
        for row in rows:
            found = [_match(header, row, place) for place in places]
            writer.writerow([*row, *(text for match in found for text in _cells(match))])
    return True


def _match(header: list[str], row: list[str], place: int) -> Match | None:
    column = header[place]
    if column == "category":
        column = IN_CATEGORIES.get(row[header.index("breakdown")], "")
    return concepts_of(column).get(row[place])


def _cells(match: Match | None) -> tuple[str, str]:
    return (address(match.concept), match.match) if match and match.concept else ("", "")
