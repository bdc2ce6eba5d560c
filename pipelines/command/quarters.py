"""Where quarters stand, as the command says it: state, since when and by whom, what comes next."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from assets.publication import lifecycle
from assets.publication.drafts import (
    folder_of_draft,
    has_moved_on,
    mark_of_draft,
    refusals,
    standing,
)
from assets.publication.lifecycle import CLOSED, COLLECTING, CORRECTION, DRAFT, PUBLISHED, Life
from assets.publication.status import in_brackets
from pipelines.command.printing import print_table
from resources.settings import Settings
from resources.showing import one_line
from resources.warehouse import Warehouse
from schemas.regions import Timetable


def print_states(warehouse: Warehouse, settings: Settings, dates: list[dt.date]) -> None:
    """A line for each quarter, and for those that wait for somebody what to do."""
    known = lifecycle.lives(warehouse)
    refused = {one.census_date for one in refusals(warehouse)}
    lives = [known.get(date, Life(date)) for date in dates]
    print("\nWhere the quarters stand:")
    print_table(
        ["census date", "state", "since", "by", "release", "next"],
        [
            [
                one.census_date, _state(one), f"{one.since:%Y-%m-%d}" if one.since else "", one_line(one.by),
                f"r{one.release}{in_brackets(one.status)}" if one.release else "",
                _next(one, settings.region.timetable, is_refused=one.census_date in refused),
            ]
            for one in lives
        ],
    )  # fmt: skip
    drafts = [
        row
        for one in lives
        if one.state in (DRAFT, CORRECTION) and (row := standing(warehouse, one.census_date))
    ]
    for row in drafts[-1:]:
        print(
            f"The draft of {row.census_date}:"
            f" {folder_of_draft(settings.drafts, row) / 'page' / 'index.html'}"
        )
        print(f"  Nothing of it is published until a named person approves it: {_approve(row)}")


def print_life(warehouse: Warehouse, settings: Settings, date: dt.date) -> None:
    """All that is recorded of one quarter's life, its timetable, its draft, and a refusal that
    stands.
    """
    now, days = lifecycle.life(warehouse, date), settings.region.timetable
    print(
        "\nThe quarter is"
        f" {_state(now)}{f', since {now.since:%d %B %Y}, by {one_line(now.by)}' if now.since else ''}."
        f" {lifecycle.SAYS[now.state]}"
    )
    if now.status and now.state == PUBLISHED:
        print(f"  Its release r{now.release} is {now.status.lower()}.")
    names = {
        "due": "returns due",
        "close": "closes",
        "draft": "draft",
        "publication": "to be published",
    }
    names |= {"final": "final from"} if days.final is not None else {}
    print(
        "  Timetable: "
        + ", ".join(f"{said} {days.day(date, step):%d %B %Y}" for step, said in names.items())
    )
    if row := standing(warehouse, date):
        word = in_brackets(row.manifest)
        print(
            f"  Draft {mark_of_draft(row)} of r{row.release_number}{word}, made"
            f" {row.made_at:%d %B %Y}: {_approve(row)}"
        )
        if has_moved_on(row, settings.region):
            again = (
                f"`observatory draft {date}` makes it anew with it"
                if now.state == DRAFT
                else "the next run makes it anew with it"
            )
            print(
                f"  Something has come in since it was made, and waits for the correction; {again}."
            )
    for one in refusals(warehouse):
        if one.census_date == date:
            print("  The gate has refused a draft:")
            print(
                "\n".join(f"    {one_line(line)}" for line in (*one.in_short(), one.what_to_do()))
            )
    if steps := lifecycle.history(warehouse, date):
        print_table(
            ["when", "step", "release", "by", "why"],
            [
                [
                    f"{s.happened_at:%Y-%m-%d %H:%M}",
                    s.step,
                    f"r{s.release_number}" if s.release_number else "",
                    one_line(s.by_whom),
                    one_line(s.why),
                ]
                for s in steps
            ],
        )


def _state(one: Life) -> str:
    return f"{one.state}, held" if one.is_held else one.state


def _approve(row: sa.Row) -> str:
    return f"observatory approve {row.census_date} --by 'NAME' --draft {mark_of_draft(row)}"


def _next(one: Life, days: Timetable, *, is_refused: bool) -> str:
    """What comes next for a quarter."""
    date = one.census_date
    if one.is_held:
        return f"observatory hold {date} --lift"
    if is_refused and one.state == CLOSED:
        return "refused: see status"
    return {
        COLLECTING: (
            f"observatory close {date}" if one.was_closed else f"closes {days.day(date, 'close')}"
        ),
        CLOSED: f"observatory draft {date}",
        DRAFT: f"observatory approve {date}",
        CORRECTION: f"observatory approve {date}",
    }.get(one.state, "")
