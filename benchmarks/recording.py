"""Recording: numbers as they are measured, beside a floor of the same run; printed, and kept in
`docs/performance.md` with `--keep`.

Belongs here: what a number is, how it is printed, and the part of the page that is made of what was
recorded (`performance.json`). Does not belong here: measuring.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
RECORD = Path(__file__).with_name("performance.json")
START, END = "<!-- measured by: make bench -->", "<!-- end of what was measured -->"


@dataclass(frozen=True)
class Number:
    """Seconds that something took, by the clock and of processors (our own processes', PostgreSQL's
    left out where it says so).

    `floor` says what was measured beside it in the same run, 0 seconds where there is none. `aim`
    is what it should be. `note` is a sentence.
    """

    what: str
    seconds: float = 0.0
    processor: float = 0.0
    floor: str = ""
    floor_seconds: float = 0.0
    aim: str = ""
    gigabytes: float = 0.0
    note: str = ""

    @property
    def ratio(self) -> str:
        """How many times the floor it took; blank where there is none."""
        return f"{self.seconds / self.floor_seconds:.1f}" if self.floor_seconds else ""

    def line(self) -> str:
        """The number in a line."""
        told = [f"{self.seconds:.2f} s"] if self.seconds else []
        told += [f"{self.processor:.2f} s of processors"] if self.processor else []
        told += [f"{self.gigabytes:.2f} GB at most"] if self.gigabytes else []
        told += (
            [f"{self.ratio} times {self.floor} ({self.floor_seconds:.2f} s)"] if self.ratio else []
        )
        told += [f"aim: {self.aim}"] if self.aim else []
        return f"{self.what}: {'; '.join(told)}{'. ' if told and self.note else ''}{self.note}"


def machine() -> str:
    """The machine, by what counts: cores, memory and how busy it was with other work."""
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return (
        f"{os.cpu_count()} cores, {pages / 2**30:.0f} GB of memory, load {os.getloadavg()[0]:.1f}"
    )


def tell(name: str, numbers: list[Number]) -> None:
    """Print the numbers of a benchmark; with `--keep` keep them, and write the page."""
    for number in numbers:
        print(f"  {number.line()}", flush=True)
    if "--keep" in sys.argv:
        record = recorded()
        today = dt.datetime.now(tz=dt.UTC).date().isoformat()
        record[name] = {
            "date": today,
            "machine": machine(),
            "numbers": [asdict(number) for number in numbers],
        }
        RECORD.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        PAGE.write_text(with_block(PAGE, described(record)), encoding="utf-8")


def recorded() -> dict:
    """What was recorded, by benchmark."""
    return json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}


def described(record: dict) -> str:
    """What was recorded, as the page has it: a table a benchmark."""
    parts = []
    for name, run in sorted(record.items()):
        numbers = [Number(**number) for number in run["numbers"]]
        lines = [f"## {name}", "", f"Measured on {run['date']}: {run['machine']}.", ""]
        if measured := [number for number in numbers if number.seconds]:
            lines += [
                "| what | seconds | of processors | memory | times the floor | floor | aim |",
                "|---|---|---|---|---|---|---|",
            ]
            lines += [_row(number) for number in measured]
        notes = [f"{number.what}: {number.note}" for number in numbers if number.note]
        parts.append(
            "\n".join([*lines, *(["", *(f"- {note}" for note in notes)] if notes else [])])
        )
    return "\n\n".join(parts)


def _row(number: Number) -> str:
    floor = f"{number.floor} ({number.floor_seconds:.2f} s)" if number.ratio else ""
    memory = f"{number.gigabytes:.2f} GB" if number.gigabytes else ""
    processor = f"{number.processor:.2f}" if number.processor else ""
    cells = (
        number.what,
        f"{number.seconds:.2f}",
        processor,
        memory,
        number.ratio,
        floor,
        number.aim,
    )
    return f"| {' | '.join(cells)} |"


def with_block(page: Path, block: str, start: str = START, end: str = END) -> str:
    """The page's text with the block between its marks.

    Raises:
        ValueError: the marks are not there.
    """
    before, found, rest = page.read_text(encoding="utf-8").partition(start)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise ValueError(
            f"{page.name} has no '{start}' … '{end}'; both marks were expected. Add them where the"
            " figures belong."
        )
    return f"{before}{start}\n{block}\n{end}{after}"
