"""What Ofsted says of its register between two lists: leavers and joiners, and inspections in the
year.

Belongs here: what happened to which home, and the two files. Does not belong here: the lists
(`register.py`), and figures (`truth/owners.py`).

They come with the list of providers and places. Agencies and supported accommodation are not in
them.
"""

from __future__ import annotations

import datetime as dt
import zlib
from dataclasses import dataclass, field

from made_up.drawing import stream
from made_up.returns.register import Lists
from made_up.returns.spelling import ofsted_name
from made_up.world.areas import Areas
from made_up.world.kinds import FAMILY, HOME, SCHOOL, SECURE
from made_up.world.supply import Supply
from made_up.writing import Landing, all_loaded, received_on

CHANGES, INSPECTIONS = "register_changes", "register_inspections"
CHANGES_HEADER = [
    "URN", "Provision type", "Local authority", "Sector", "Places", "Registration date", "Cancelled or resigned date", "Joiner status",
    "Leaver status", "Reason", "Name",
]  # fmt: skip
INSPECTIONS_HEADER = [
    "URN", "Provision type", "Local authority", "Inspection event type", "Inspection date",
    "Overall experiences and progress of children and young people",
]  # fmt: skip
HOMES = [HOME, SECURE, SCHOOL, FAMILY]
FULL, MONITORING = "Full inspection", "Monitoring visit"


@dataclass
class Events:
    """What was told for one census date, by URN: why a home joined or left, and on which day it left
    (None of joiners); and its inspections, with their days.
    """

    changes: dict[str, tuple[str, dt.date | None]] = field(default_factory=dict)
    inspections: dict[str, list[tuple[dt.date, str]]] = field(default_factory=dict)


def send(
    lists: Lists,
    supply: Supply,
    areas: Areas,
    previous: dt.date | None,
    landing: Landing,
    seed: int,
) -> Events:
    """Write both files, where the register's list of providers comes."""
    events = Events()
    if lists.providers is None:
        return events
    date, day = lists.date, lists.date.toordinal()
    since = previous.toordinal() if previous else day - 92
    homes = supply.units[supply.units["kind"].isin(HOMES)].join(
        supply.registrations[["urn", "ofsted_type", "registered"]], "registration"
    )
    homes = homes[homes["registered"]].sort_values("urn", kind="stable")
    sector = supply.owners["sector"].to_numpy()[supply.owner_on(day)]
    codes = areas.codes_on(date)
    changes, inspections = [], []
    for home in homes.to_dict("records"):
        urn, about = home["urn"], [home["urn"], home["ofsted_type"]]
        about.append(ofsted_name(codes[home["host"]], date))
        way = zlib.crc32(f"{urn} {date}".encode())
        if since < home["closed"] <= day:
            events.changes[urn] = "Cancelled" if way % 5 == 0 else "Resigned", _day(home["closed"])
        elif since < home["opened"] <= day < home["closed"]:
            events.changes[urn] = "Newly registered", None
        if urn in events.changes:
            reason, left = events.changes[urn]
            told = [
                sector[home["registration"]],
                str(int(home["places_after"])),
                _written(_day(home["opened"])),
            ]
            status = ["", "Leaver"] if left else ["Joiner", ""]
            changes.append([*about, *told, _written(left), *status, reason, "REDACTED"])
        if home["opened"] <= day < home["closed"] and way % 7 < 2:
            # one in three of those that were inspected has another one, after the census date
            days = [day - way % 60, *([day + 1 + way % 9] if way % 3 == 0 else [])]
            events.inspections[urn] = [
                (_day(one), FULL if (way + n) % 2 else MONITORING) for n, one in enumerate(days)
            ]
            inspections += [
                [*about, event, _written(when), ""] for when, event in events.inspections[urn]
            ]
    received = received_on(date, stream(seed, "register's events", date.isoformat()), 2)
    for (name, header, rows), when in zip(
        ((CHANGES, CHANGES_HEADER, changes), (INSPECTIONS, INSPECTIONS_HEADER, inspections)),
        received,
        strict=True,
    ):
        if rows:
            file = f"{name.removeprefix('register_')}_to_{date:%d_%b_%Y}.csv"
            landing.send(date, "ofsted", "ofsted", file, [all_loaded(name, header, rows)], when)
    return events


def _day(ordinal: int) -> dt.date:
    return dt.date.fromordinal(int(ordinal))


def _written(day: dt.date | None) -> str:
    return f"{day:%d/%m/%Y}" if day else ""
