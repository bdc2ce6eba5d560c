"""Ofsted's inspections of authorities' children's services: when each was inspected or visited, and
how it was judged.

Belongs here: the inspections, and the workbook of a 31 March as published in September: judgements
in force, what was done in the year, and all inspections since 2018. Does not belong here: what the
warehouse keeps of it (`truth/inspections.py`), and homes' inspections (`register_events.py`).

Judgements are drawn with the shares of England's in force on 31 March 2025; none is of a real
authority.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from made_up.assumptions import assumed
from made_up.drawing import stream
from made_up.returns.spelling import ofsted_name
from made_up.writing import Landing, all_loaded, received_on
from schemas import authorities
from schemas.authorities import Authority

IN_FORCE, HISTORY = "authority_inspections", "authority_inspection_history"
AREAS = [
    "The impact of leaders on social work practice with children and families",
    "The experiences and progress of children who need help and protection",
    "The experiences and progress of children in care", "The experiences and progress of care leavers",
]  # fmt: skip
JUDGED = ["Overall effectiveness", *AREAS]
PLACE = ["Local authority area code", "Local authority name", "Ofsted region"]
IN_FORCE_HEADER = [*PLACE, "Inspection date", "Publication date", *JUDGED]
IN_YEAR_HEADER = [
    *PLACE, "Inspection/Visit date", "Publication date", "Inspection/Visit type", *JUDGED, "Visit Theme",
]  # fmt: skip
HISTORY_HEADER = [*PLACE, "Inspection date", "Publication date", "Inspection type", *JUDGED]
SHEETS = ["Inspections_as_at_31_March", "In-year_inspections", "ILACS_inspection_history"]
STANDARD, SHORT = "ILACS Standard Inspection", "ILACS Short Inspection"
VISIT, MONITORING = "ILACS Focused Visit", "LA Monitoring visit"
THEMES = ["Children in need/subject to a plan", "Care leavers", "Children in care", "Front door"]
CARE_LEAVERS_SINCE = dt.date(2023, 1, 1)
"""Before, care leavers had no judgement of their own."""
FIRST, REPORT_AFTER = dt.date(2018, 1, 15), dt.timedelta(days=42)
_ASSUMED = assumed("authority_inspections")
GRADES = list(_ASSUMED["grades"])


@dataclass(frozen=True)
class Inspection:
    """An inspection with its judgements (`JUDGED`; blank where none was given), or a visit with its
    theme and none.
    """

    code: str
    day: dt.date
    kind: str
    judged: tuple[str, ...] = ("",) * len(JUDGED)
    theme: str = ""

    @property
    def is_full(self) -> bool:
        """Whether it judges, which a visit does not."""
        return self.kind in (STANDARD, SHORT)


@dataclass(frozen=True)
class Told:
    """What one workbook tells: judgements in force by authority, and the rows of its other two
    sheets.
    """

    in_force: list[Inspection]
    in_year: list[Inspection]
    history: list[Inspection]


def published_on(date: dt.date) -> dt.date | None:
    """The 31 March whose workbook is published in the quarter of `date`; None in the others."""
    return dt.date(date.year, 3, 31) if date.month == 9 else None


def inspections_of(authority: Authority, until: dt.date, seed: int) -> list[Inspection]:
    """All inspections and visits of an authority from 2018, or since it stands, the earliest first:
    the same whenever they are told.
    """
    rng = stream(seed, "inspections of authorities", authority.code)
    found: list[Inspection] = []
    shares = list(_ASSUMED["grades"].values())
    grade = int(rng.choice(len(GRADES), p=shares))
    day = FIRST + dt.timedelta(days=int(rng.integers(0, 700)))
    while day <= until:
        if authority.stands_on(day):
            grades = np.clip(grade + rng.integers(-1, 2, len(AREAS)), 0, len(GRADES) - 1)
            judged = [GRADES[grade], *(GRADES[one] for one in grades)]
            if day < CARE_LEAVERS_SINCE:
                judged[-1] = ""
            kind = SHORT if grade <= GRADES.index("Good") and rng.random() < 0.6 else STANDARD
            found.append(Inspection(authority.code, day, kind, tuple(judged)))
        visited = day + dt.timedelta(days=int(rng.integers(300, 700)))
        is_inadequate = GRADES[grade] == "Inadequate"
        theme = "" if is_inadequate else THEMES[int(rng.integers(len(THEMES)))]
        if visited <= until and authority.stands_on(visited):
            kind = MONITORING if is_inadequate else VISIT
            found.append(Inspection(authority.code, visited, kind, theme=theme))
        day += dt.timedelta(days=int(rng.integers(800, 1150)))
        if rng.random() < _ASSUMED["judged_otherwise"]:
            grade = int(rng.choice(len(GRADES), p=shares))
    return sorted(found, key=lambda one: one.day)


def send(landing: Landing, date: dt.date, seed: int) -> Told | None:
    """Write the workbook, where one comes in the quarter; gives what is in it."""
    march = published_on(date)
    if march is None:
        return None
    since = march.replace(year=march.year - 1)
    standing = [
        a
        for a in authorities.all_authorities()
        if a.country == "England" and a.stands_on(march) and a.stands_on(date)
    ]
    of_all = [one for a in standing for one in inspections_of(a, march, seed)]
    history = [one for one in of_all if one.is_full]
    told = Told(
        list({one.code: one for one in history}.values()),
        [one for one in of_all if one.day > since],
        history,
    )
    place = {a.code: [a.gss, ofsted_name(a.code, march), a.region_name] for a in standing}
    rows = [
        [[*place[i.code], i.day, i.day + REPORT_AFTER, *i.judged] for i in told.in_force],
        [
            [*place[i.code], i.day, i.day + REPORT_AFTER, i.kind, *i.judged, i.theme]
            for i in told.in_year
        ],
        [[*place[i.code], i.day, i.day + REPORT_AFTER, i.kind, *i.judged] for i in told.history],
    ]
    tables = [
        all_loaded(name, header, of_sheet)
        for name, header, of_sheet in zip(
            (IN_FORCE, HISTORY, HISTORY),
            (IN_FORCE_HEADER, IN_YEAR_HEADER, HISTORY_HEADER),
            rows,
            strict=True,
        )
    ]
    for table, title in zip(tables, SHEETS, strict=True):
        table.titles = [title.replace("_", " "), "This worksheet contains one table."]
    received = received_on(date, stream(seed, "inspections of authorities", date.isoformat()), 1)
    name = f"LA_inspection_outcomes_31_March_{march.year}.xlsx"
    landing.send(date, "ofsted", "ofsted", name, tables, received[0], sheets=SHEETS)
    return told
