"""Telling people: reminders on the timetable's days, and failures, each once.

Belongs here: what was told already, so that nothing is told twice. Does not belong here: the words
of a reminder (`assets/checks/chasing`).

What was told stands in a file of the home, not in the warehouse: that the warehouse cannot be
reached is to be told, too.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from resources import messages
from resources.contacts import REGION, contacts
from resources.settings import Settings
from resources.warehouse import Warehouse

FAILURE = "failure"
_KEEP_DAYS = 400


def told_of_failures(settings: Settings, what: str, sentences: list[str]) -> bool:
    """Tell the region's channel that `what` failed: once, until it has failed otherwise, or not.
    Gives whether anything was sent.

    What is sent says what failed and where to look; what was found may hold more than may leave the
    building.
    """
    key = f"{FAILURE} {what}"
    mark = hashlib.sha256("\n".join(sentences).encode()).hexdigest()[:12]
    if not messages.channel():
        return False
    with _told(settings) as told:
        if not sentences:
            told.pop(key, None)
            return False
        if told.get(key, [""])[0] == mark:
            return False
        times = "" if len(sentences) == 1 else f", {len(sentences)} times"
        body = (
            f"{what} failed{times}. No release was altered. Look: observatory status; observatory"
            " serve."
        )
        title = f"{settings.region.name}: the observatory needs somebody"
        # noted only where it was sent: otherwise it is told at the next failure
        if sent := messages.send(messages.channel(), title, body):
            told[key] = [mark, _now()]
        return sent


def remind(
    warehouse: Warehouse, settings: Settings, census_date: dt.date, day: dt.date
) -> list[str]:
    """Write the chase list of a quarter, and remind its senders and the region, each once a day.
    Gives a line for each that was, or could not be.

    A sender without a contact, or a region without a mailbox, is told to the region's channel
    alone.
    """
    from assets.checks.chasing import chase_list, in_short, reminders, write_list

    region, known = settings.region, contacts(settings)
    chased = chase_list(warehouse, census_date, region.timetable, day)
    lines = [
        f"{len(chased)} returns to chase for {census_date}:"
        f" {write_list(settings.chase, census_date, chased)}"
    ]
    if not chased:
        return lines
    to_whom = [(in_short(chased, census_date, region.name), messages.channel())]
    for one in reminders(
        chased,
        census_date,
        region.name,
        region.timetable.day(census_date, "due"),
        known.get(REGION),
    ):
        address = messages.mail_to(known[one.sender].email) if one.sender in known else ""
        to_whom.append((one, [address] if address else []))
    with _told(settings) as told:
        for reminder, addresses in to_whom:
            key = f"reminder {census_date} {day} {reminder.sender}"
            if addresses and key not in told:
                sent = messages.send(addresses, reminder.title, reminder.body)
                lines.append(
                    f"{reminder.sender or 'the region'}:"
                    f" {'reminded' if sent else 'could not be reached'}"
                )
                if sent:
                    told[key] = ["", _now()]
    without = [
        reminder.sender for reminder, addresses in to_whom if reminder.sender and not addresses
    ]
    if without:
        lines.append(
            f"No contact, or no mailbox to write from, for {len(without)} senders:"
            f" {', '.join(without[:20])}{' …' if len(without) > 20 else ''}"
        )
    return lines


def _now() -> str:
    return dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds")


@contextmanager
def _told(settings: Settings) -> Iterator[dict[str, list[str]]]:
    # two processes that tell at once would both tell
    """What was told when, held while it is changed; what is older than a year is forgotten."""
    settings.chase.mkdir(parents=True, exist_ok=True)
    path: Path = settings.chase / "told.json"
    # a note that is lost costs a second message, and no failure is kept quiet
    with (settings.chase / ".told.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            told = {}
        try:
            yield told
        finally:
            oldest = (dt.datetime.now(tz=dt.UTC) - dt.timedelta(days=_KEEP_DAYS)).isoformat()
            making = settings.chase / ".told.making"
            making.write_text(
                json.dumps(
                    {k: v for k, v in told.items() if v[1] > oldest}, indent=1, sort_keys=True
                ),
                encoding="utf-8",
            )
            making.replace(path)
