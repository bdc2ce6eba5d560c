"""What has changed since the last release of a census date, and why: in plain words, for a reader.

Belongs here: comparing two releases as they were printed, and the returns that each rests on.
Nothing but what is published is compared, so that the account tells no more than the two releases
do.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd

from assets.publication.programme import PUBLISHED_TABLES
from assets.publication.standing import official_measures_of
from assets.publication.status import becomes_final, in_brackets, sentence
from resources.showing import in_markdown

_MOST_LISTED = 40

Before = tuple[dict[str, pd.DataFrame], dict[str, Any]]


def what_changed(
    census_date: dt.date,
    number: int,
    tables: dict[str, pd.DataFrame],
    manifest: dict[str, Any],
    before: Before | None,
) -> str:
    """The account as Markdown: why there is a new release, and which figures differ."""
    lines = [
        # a format without the leading zero is not known to every system
        f"# What changed: {census_date:%d %B %Y}, release {number}{in_brackets(manifest)}".replace(
            " 0", " "
        ),
        "",
    ]
    if mark := manifest.get("made_up"):
        lines += [f"> **{mark}**", ""]
    if mark := sentence(manifest):
        lines += [mark, ""]
    if before is None:
        return "\n".join([*lines, "This is the first release of this census date.", ""])
    old_tables, old = before
    lines += [
        f"Compared with release {old['release']}{in_brackets(old)}.",
        "",
        "## Why",
        "",
        *_why(manifest, old),
        "",
        "## Figures that differ",
        "",
    ]
    return "\n".join([*lines, *_figures(tables, old_tables), ""])


def _why(manifest: dict[str, Any], old: dict[str, Any]) -> list[str]:
    def by_sender(returns: list[dict[str, Any]]) -> dict[tuple[str, str, str], dict[str, Any]]:
        return {(r["sender"], r["table_name"], r["census_date"]): r for r in returns}

    now, then = by_sender(manifest["returns"]), by_sender(old["returns"])
    reasons = [
        f"- New: {_return(key)}, version {now[key]['version']}."
        for key in sorted(now.keys() - then.keys())
    ]
    reasons += [f"- Withdrawn: {_return(key)}." for key in sorted(then.keys() - now.keys())]
    for key in sorted(now.keys() & then.keys()):
        # the version is all that a manifest tells of a return's content
        if now[key]["version"] != then[key]["version"]:
            reasons.append(
                f"- Changed: {_return(key)}, version {then[key]['version']} to"
                f" {now[key]['version']}."
            )
    if manifest["code_version"] != old["code_version"]:
        reasons.append(
            f"- The program that makes the figures changed, from version {old['code_version']} to"
            f" {manifest['code_version']}."
        )
    if manifest["contract_version"] != old["contract_version"]:
        reasons.append(
            f"- The layouts of returns changed, from version {old['contract_version']} to"
            f" {manifest['contract_version']}."
        )
    if manifest["method"] != old["method"]:
        reasons.append(
            "- The method of disclosure control changed: see `manifest.json` of both releases."
        )
    # by their figures alone: that this program words a note otherwise is no change
    beside, before = (official_measures_of(one.get("official", [])) for one in (manifest, old))
    if any(beside.get(key) != one for key, one in before.items()):
        reasons.append("- The official figures beside ours changed.")
    if more := len(beside.keys() - before.keys()):
        reasons.append(f"- More official figures stand beside ours: {more} measures.")
    if becomes_final(old.get("status"), manifest.get("status", "")):
        return ["- What was provisional is final.", *reasons]
    return reasons or [
        "- No return, program or method changed: returns of earlier dates on which the figures rest"
        " did."
    ]


def _return(key: tuple[str, str, str]) -> str:
    sender, table, date = key
    return f"{table.replace('_', ' ')} of {in_markdown(sender)} for {date}"


def _figures(tables: dict[str, pd.DataFrame], old_tables: dict[str, pd.DataFrame]) -> list[str]:
    lines = []
    for table in PUBLISHED_TABLES:
        now, then = tables.get(table.name), old_tables.get(table.name)
        if now is None and then is None:
            continue
        if now is None or then is None:
            lines.append(
                f"- {table.title} (`{table.name}`):"
                f" {'new table' if then is None else 'no longer given'}."
            )
            continue
        about = f"- {table.title} (`{table.name}`)"
        lines += [
            f"{about}: {word} `{name}`."
            for word, these, those in (
                ("new measure", now, then),
                ("no longer given:", then, now),
            )
            for name in these.columns
            if name not in those
        ]
        differences = differing_cells(table.name, now, then)
        if differences.empty:
            continue
        held = sum(i.name in now and i.name in then for i in table.indicators)
        lines.append(f"{about}: {len(differences)} figures of {len(now) * held}.")
        for row in differences.head(_MOST_LISTED).itertuples():
            lines.append(
                f"  - {row.where}, {row.measure}: {row.then or 'not given'} is now"
                f" {row.now or 'not given'}"
            )
        if len(differences) > _MOST_LISTED:
            lines.append(
                f"  - and {len(differences) - _MOST_LISTED} more: compare `{table.name}.csv` of"
                " both releases."
            )
    return lines or ["- None."]


def differing_cells(name: str, now: pd.DataFrame, then: pd.DataFrame) -> pd.DataFrame:
    """The cells of a table that differ between two releases, of the measures that both have:
    `where`, `measure`, `then`, `now` (blank where a release has no such row).
    """
    table = next(t for t in PUBLISHED_TABLES if t.name == name)
    keys = ["old_la_code", *table.filters]
    both = []
    for frame in (now, then):
        places = frame["la_name"].where(frame["la_name"] != "", frame["region_name"])
        for f in table.filters:
            places = places + ", " + frame[f]
        # a measure that came or went is told once, and not of each of its cells
        measures = [i.name for i in table.indicators if i.name in now and i.name in then]
        long = (
            frame[[*keys, *measures]]
            .assign(where=places)
            .melt([*keys, "where"], var_name="measure")
        )
        both.append(long.set_index([*keys, "where", "measure"])["value"])
    joined = pd.concat(both, axis=1, keys=["now", "then"]).fillna("").reset_index()
    return joined.loc[
        joined["now"] != joined["then"], ["where", "measure", "then", "now"]
    ].reset_index(drop=True)
