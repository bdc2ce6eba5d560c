"""The SSDA903 as authorities send it each quarter: header, episodes and unaccompanied children of
the twelve months to the date.

Belongs here: the layout of this return, the slips in it, and the files. Does not belong here: the
episodes themselves (`world/care.py`), and figures (`truth/care.py`). The statutory return is of 31
March; regions that pool it ask for one of each quarter, and so does this one.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from made_up.drawing import Ints, Texts, stream
from made_up.returns import statutory_xml
from made_up.returns.placement_census import identifiers
from made_up.returns.provider_census import answer_chance, answering
from made_up.returns.spelling import written_days
from made_up.world.areas import Areas
from made_up.world.care import NEVER, Care, birthday, example_postcodes, months_before
from made_up.world.people import ETHNIC_GROUPS
from made_up.writing import LOADED, REJECTED, SET_ASIDE, Landing, Table, received_on
from schemas.codes import code_set

HEADER = ["CHILD", "SEX", "DOB", "ETHNIC", "UPN", "MOTHER", "MC_DOB"]
EPISODES = [
    "CHILD",
    "DECOM",
    "RNE",
    "LS",
    "CIN",
    "PLACE",
    "PLACE_PROVIDER",
    "DEC",
    "REC",
    "REASON_PLACE_CHANGE",
    "HOME_POST",
    "PL_POST",
    "URN",
]
UNACCOMPANIED = ["CHILD", "SEX", "DOB", "DUC"]

LETTERS_FROM, SUPPORTED_CODE_FROM = dt.date(2024, 6, 30), dt.date(2024, 6, 30)
"""First quarters in which SEX is a letter, and in which supported accommodation is K3 rather than
H5.
"""

ETHNIC_CODES = np.array(
    [code_set("ethnic_group").meanings[label]["code"] for label in ETHNIC_GROUPS], dtype=object
)
"""The 903's code of each of `ETHNIC_GROUPS`."""


@dataclass
class CareReturns:
    """What is sent for one census date: one row an episode, by sender; who answers, and when."""

    rows: pd.DataFrame
    answered: set[str]
    received: dict[str, dt.datetime]


def report(care: Care, areas: Areas, date: dt.date, seed: int, response: float) -> CareReturns:
    """The returns of all members for the date: every episode open on it or ended in the twelve
    months to it.
    """
    rows = care.episodes
    rows = rows[(rows["dec"] > months_before(date, 12)) & (rows["decom"] <= date.toordinal())]
    sender = areas.codes_on(date)[rows["origin"].to_numpy()]
    rows = rows.assign(sender=sender).sort_values(
        ["sender", "child", "decom"], kind="stable", ignore_index=True
    )
    senders = sorted(set(sender))
    received = dict(
        zip(
            senders,
            received_on(date, stream(seed, "SSDA903", date.isoformat()), len(senders)),
            strict=True,
        )
    )
    chance = answer_chance(response, of_authority=True, in_region=True)
    return CareReturns(
        rows, {one for one in senders if answering(seed, f"SSDA903 {one}", date) < chance}, received
    )


def send_returns(
    returns: CareReturns,
    care: Care,
    landing: Landing,
    areas: Areas,
    date: dt.date,
    seed: int,
    folders: dict[str, str],
) -> None:
    """Write the files of those who answer."""
    postcodes = np.append(
        example_postcodes()["postcode"].to_numpy(dtype=object), ""
    )  # the last one stands for -1
    in_xml = statutory_xml.sender_of(returns.answered, seed)
    for sender, rows in returns.rows.groupby("sender", sort=True):
        if sender not in returns.answered:
            continue
        rng = stream(seed, "SSDA903 file", sender, date.isoformat())
        number = rows["child"].unique()
        about = care.children.loc[number]
        reference = identifiers(number, areas.region.members[sender], sender, seed)
        sex = np.array([["1", "2", "3"], ["M", "F", "U"]][date >= LETTERS_FROM], dtype=object)[
            about["sex"].to_numpy(dtype=np.int64)
        ]
        born = written_days(about["born"].to_numpy(dtype=np.int64))
        header = _table(
            "ssda903_header",
            HEADER,
            [
                reference,
                sex,
                born,
                ETHNIC_CODES[about["ethnic"].to_numpy(dtype=np.int64)],
                "",
                "",
                "",
            ],
        )
        alone = about["unaccompanied"].to_numpy(dtype=bool)
        ends = _status_ends(number, about["born"].to_numpy(dtype=np.int64))
        unaccompanied = _table(
            "ssda903_uasc", UNACCOMPANIED, [reference[alone], sex[alone], born[alone], ends[alone]]
        )
        by_child = dict(zip(number.tolist(), reference, strict=True))
        clean = _episodes(rows, rows["child"].map(by_child).to_numpy(dtype=object), postcodes, date)
        episodes = _with_slips(clean, rng)
        for table in (header, episodes, unaccompanied):
            if table.rows:
                landing.send(
                    date,
                    folders[sender],
                    sender,
                    f"{table.name} {date:%Y-%m}.csv",
                    [table],
                    returns.received[sender],
                )
        if sender == in_xml:
            statutory_xml.send(
                header,
                clean,
                unaccompanied,
                landing,
                date,
                folders[sender],
                sender,
                returns.received[sender],
            )


def _status_ends(number: Ints, born: Ints) -> Texts:
    """The day on which the status as unaccompanied ceases: at 18 in some systems, blank in others;
    for a few it ceased at 14.
    """
    return np.where(
        status_ceased(number),
        written_days(birthday(born, 14)),
        np.where(number % 2 == 0, written_days(birthday(born, 18)), ""),
    )


def status_ceased(number: Ints) -> np.ndarray:
    """Whether a child was taken for unaccompanied up to the 14th birthday alone."""
    return number % 25 == 0


def _episodes(rows: pd.DataFrame, reference: Texts, postcodes: Texts, date: dt.date) -> Table:
    dec = rows["dec"].to_numpy()
    place = rows["place"].to_numpy()
    place = place if date >= SUPPORTED_CODE_FROM else np.where(place == "K3", "H5", place)
    ended = np.where(dec == NEVER, "", written_days(dec))
    moved = (rows["rec"] == "X1").to_numpy() & (
        rows["child"].to_numpy()[np.r_[1 : len(rows), 0]] == rows["child"].to_numpy()
    )
    return _table(
        "ssda903_episodes",
        EPISODES,
        [
            reference, written_days(rows["decom"].to_numpy()), rows["rne"].to_numpy(), rows["ls"].to_numpy(), "N1", place,
            rows["provider"].to_numpy(), ended, rows["rec"].to_numpy(), np.where(moved, "CARPL", ""),
            postcodes[rows["home"].to_numpy(dtype=np.int64)], postcodes[rows["there"].to_numpy(dtype=np.int64)], rows["urn"].to_numpy(),
        ],
    )  # fmt: skip


def _table(name: str, header: list[str], columns: list) -> Table:
    count = len(columns[0])
    whole = [[value] * count if isinstance(value, str) else value.tolist() for value in columns]
    return Table(name, header, [list(row) for row in zip(*whole, strict=True)], [LOADED] * count)


def _with_slips(table: Table, rng: np.random.Generator) -> Table:
    """In some returns a row stands twice, in others there is one of nobody known whose legal status
    is left blank.
    """
    rows, fates = list(table.rows), list(table.fates)
    slip = rng.random()
    if slip < 0.2 and len(rows) > 3:
        rows.append(list(rows[int(rng.integers(len(rows)))]))
        fates.append(SET_ASIDE)
    elif slip < 0.4 and len(rows) > 3:
        wrong = list(rows[0])
        wrong[EPISODES.index("CHILD")], wrong[EPISODES.index("LS")] = "NEW01", ""
        rows.append(wrong)
        fates.append(REJECTED)
    return Table(table.name, table.header, rows, fates)
