"""Damage: what goes wrong with returns, planted on purpose, singly and stacked, with what must be
found.

Belongs here: good returns of several tables, and the kinds of damage, each saying which finding it
must lead to and in which row.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import xlsxwriter

from assets.intake.door import JudgedTable, Submission, judge, open_submission
from resources.landing import LandedFile
from schemas.returns import return_tables

DATE = dt.date(2025, 3, 31)
KEY = b"a key that only the tests use"
Rng = np.random.Generator


@dataclass
class Return:
    """A return in the making: header cells by layout column, rows of texts, how it will be written,
    and what must be found.

    `planted` has (row object, rule): the row's number is known once the file is written.
    `file_rules` are findings about the whole file; `at_most` says that a kind of damage may bring
    further findings (a month-first column doubts other rows).
    """

    table: str
    folder: str
    columns: list[str]
    headers: dict[str, str]
    rows: list[dict[str, str]]
    titles: list[list[str]] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    extra_cells: dict[int, list[str]] = field(default_factory=dict)
    cut_cells: dict[int, int] = field(default_factory=dict)
    encoding: str = "utf-8"
    delimiter: str = ","
    as_workbook: bool = False
    cut_bytes: int = 0
    planted: list[tuple[dict[str, str], str]] = field(default_factory=list)
    file_rules: list[str] = field(default_factory=list)
    damaged: set[int] = field(default_factory=set)

    def plant(self, row: dict[str, str], rule: str) -> None:
        self.planted.append((row, rule))
        self.damaged.add(id(row))

    def untouched(self, rng: Rng) -> dict[str, str] | None:
        """A row that nothing has been done to yet."""
        free = [row for row in self.rows if id(row) not in self.damaged]
        return free[int(rng.integers(len(free)))] if free else None

    def cells(self) -> list[list[str]]:
        order = self.order or self.columns
        lines = [*self.titles, [self.headers[name] for name in order]]
        for row in self.rows:
            cells = [row.get(name, "") for name in order]
            cells = cells[: self.cut_cells[id(row)]] if id(row) in self.cut_cells else cells
            lines.append(cells + self.extra_cells.get(id(row), []))
        return lines

    def content(self) -> bytes:
        lines = self.cells()
        buffer = io.StringIO(newline="")
        if self.as_workbook:
            book_buffer = io.BytesIO()
            with xlsxwriter.Workbook(
                book_buffer, {"in_memory": True, "strings_to_numbers": False}
            ) as book:
                sheet = book.add_worksheet("return")
                for number, line in enumerate(lines):
                    for place, cell in enumerate(line):
                        sheet.write_string(number, place, cell)
            data = book_buffer.getvalue()
        else:
            csv.writer(buffer, delimiter=self.delimiter, lineterminator="\r\n").writerows(lines)
            data = buffer.getvalue().encode(self.encoding, "ignore")
        return data[: len(data) - self.cut_bytes] if self.cut_bytes else data

    def row_number(self, row: dict[str, str]) -> int:
        return next(i for i, r in enumerate(self.rows) if r is row) + len(self.titles) + 2


# --- good returns
# ----------------------------------------------------------------------------------


def _good(
    table: str,
    folder: str,
    columns: list[str],
    make: Callable[[Rng, int], dict[str, str]],
    rng: Rng,
) -> Return:
    layout = return_tables()[table]
    headers = {name: layout.column(name).headers[0] for name in columns}
    return Return(
        table, folder, columns, headers, [make(rng, n) for n in range(int(rng.integers(6, 25)))]
    )


def settings(rng: Rng) -> Return:
    def one(rng: Rng, n: int) -> dict[str, str]:
        occupied, vacant, other = (int(x) for x in rng.integers(0, 4, 3))
        return {
            "urn": f"SC{n + 100000}", "setting_name": f"Home {n}", "provision_type": "Children's home", "host_local_authority": "Stockport",
            "registered_places": str(occupied + vacant + other), "occupied_places": str(occupied), "vacant_places": str(vacant),
            "unavailable_places": str(other), "unavailable_reason": "Staffing" if other else "",
            "min_age": "8", "max_age": "17", "gender_accepted": "Any",
        }  # fmt: skip

    names = [
        "urn", "setting_name", "provision_type", "host_local_authority", "registered_places", "occupied_places", "vacant_places",
        "unavailable_places", "unavailable_reason", "min_age", "max_age", "gender_accepted",
    ]  # fmt: skip
    return _good("provider_settings", "provider-a", names, one, rng)


def placements(rng: Rng) -> Return:
    def one(rng: Rng, n: int) -> dict[str, str]:
        return {
            "urn": f"SC{int(rng.integers(100000, 100009))}", "placing_local_authority": str(rng.choice(["Stockport", "Kent", "Cardiff", "Health"])),
            "placement_start_date": f"{int(rng.integers(13, 28))}/{int(rng.integers(1, 13)):02d}/2024", "age": str(int(rng.integers(8, 18))),
            "weekly_fee": f"{int(rng.integers(900, 9000))}.50", "notice_given": "No",
        }  # fmt: skip

    columns = [
        "urn",
        "placing_local_authority",
        "placement_start_date",
        "age",
        "weekly_fee",
        "notice_given",
    ]
    return _good("provider_placements", "provider-a", columns, one, rng)


def census(rng: Rng) -> Return:
    names = [c.name for c in return_tables()["placement_census"].columns if c.expected_on(DATE)]

    def one(rng: Rng, n: int) -> dict[str, str]:
        return {
            "looked_after_child": "Yes", "placing_authority": "Stockport", "identifier": f"C{n:04d}", "age": str(int(rng.integers(0, 18))),
            "gender": "Male", "host_authority": "Trafford", "type_of_provision": "Residential - External (Commissioned)", "uasc": "No",
            "total_weekly_cost": "4000", "contribution_social_care": "3000", "contribution_education": "500", "contribution_health": "500",
            "placement_start_date": f"{int(rng.integers(13, 28))}/{int(rng.integers(1, 13)):02d}/2024", "establishment_urn": "1234567",
        }  # fmt: skip

    return _good("placement_census", "356", names, one, rng)


def episodes(rng: Rng) -> Return:
    names = [c.name for c in return_tables()["ssda903_episodes"].columns if not c.optional]

    def one(rng: Rng, n: int) -> dict[str, str]:
        return {
            "child": f"{n + 1000}", "decom": f"{int(rng.integers(13, 28))}/05/2024", "reason_new_episode": "S", "legal_status": "C2",
            "category_of_need": "N1", "place": "U4", "place_provider": "PR1", "home_postcode": "SK1 3XE", "placement_postcode": "M2 5DB",
            "placement_urn": "SC123456",
        }  # fmt: skip

    return _good("ssda903_episodes", "356", names, one, rng)


MAKERS = {
    "provider_settings": settings,
    "provider_placements": placements,
    "placement_census": census,
    "ssda903_episodes": episodes,
}


# --- kinds of damage
# ---------------------------------------------------------------------------------

Damage = Callable[[Return, Rng], bool]
"""Does something to a return, in place; False where that return cannot have it."""


def _pick(wanted: dict[str, list[str]], to: str | Callable[[Rng], str], rule: str) -> Damage:
    """Write a value into one row of one of the columns: by table, the columns it may be."""

    def damage(r: Return, rng: Rng) -> bool:
        row = r.untouched(rng)
        if r.table not in wanted or row is None:
            return False
        name = str(rng.choice(wanted[r.table]))
        row[name] = to if isinstance(to, str) else to(rng)
        r.plant(row, rule)
        return True

    return damage


NEEDED = {name: list(return_tables()[name].needed) for name in MAKERS}
COUNTS = {"provider_settings": ["occupied_places", "vacant_places"]}
AUTHORITIES = {
    "provider_settings": ["host_local_authority"],
    "provider_placements": ["placing_local_authority"],
}
LABELS = {
    "provider_settings": ["provision_type"],
    "placement_census": ["type_of_provision", "looked_after_child"],
    "ssda903_episodes": ["legal_status", "place"],
}
LOOSE_LABELS = {
    "provider_settings": ["gender_accepted"],
    "placement_census": ["gender"],
    "ssda903_episodes": ["reason_new_episode", "place_provider"],
}
LOOSE_NUMBERS = {
    "provider_placements": ["age", "weekly_fee"],
    "placement_census": ["age", "total_weekly_cost"],
    "provider_settings": ["min_age", "max_age"],
}
LOOSE_DATES = {
    "provider_placements": ["placement_start_date"],
    "placement_census": ["placement_start_date"],
}


def _garbage(rng: Rng) -> str:
    return str(
        rng.choice(["abc", "3 or 4", "??", "1/2", "ten", "=1+", "#REF!", "TBC", "12abc", "\u00bd"])
    )


def _ends_early(r: Return, rng: Rng) -> bool:
    row = r.untouched(rng)
    if r.table != "ssda903_episodes" or row is None:
        return False
    row |= {"dec": "01/01/2024", "reason_episode_ceased": "X1"}
    r.plant(row, "ends_before_it_starts")
    return True


def _too_many_cells(r: Return, rng: Rng) -> bool:
    row = r.untouched(rng)
    if row is None or r.as_workbook:
        return False
    r.extra_cells[id(row)] = ["stray"]
    r.plant(row, "too_many_cells")
    return True


def _too_few_cells(r: Return, rng: Rng) -> bool:
    row = r.untouched(rng)
    if r.table != "ssda903_episodes" or row is None or r.as_workbook:
        return False
    r.cut_cells[id(row)] = int(rng.integers(len(r.columns) // 2, len(r.columns)))
    r.plant(row, "too_few_cells")
    return True


def _insert(row: dict[str, str]) -> Damage:
    def damage(r: Return, rng: Rng) -> bool:
        new = {name: row.get("*", "") if n == 0 else "" for n, name in enumerate(r.columns)}
        r.rows.insert(int(rng.integers(0, len(r.rows))), new)
        r.plant(new, "set aside")
        return True

    return damage


def _duplicate(r: Return, rng: Rng) -> bool:
    row = r.untouched(rng)
    layout = return_tables()[r.table]
    if not (layout.identity or layout.once) or row is None:
        return False
    r.damaged.add(id(row))
    copy = dict(row)
    r.rows.append(copy)
    r.plant(copy, "set aside")
    return True


def _same_reference(r: Return, rng: Rng) -> bool:
    row = r.untouched(rng)
    name = {"placement_census": "identifier"}.get(r.table)
    if name is None or row is None:
        return False
    other = dict(row) | {"age": "3" if row["age"] != "3" else "4"}
    r.rows.append(other)
    r.plant(row, "same_reference_twice")
    r.plant(other, "same_reference_twice")
    return True


def _home_twice(r: Return, rng: Rng) -> bool:
    row = r.untouched(rng)
    if r.table != "provider_settings" or row is None:
        return False
    other = dict(row) | {"min_age": "9"}
    r.rows.append(other)
    r.plant(row, "same_home_twice")
    r.plant(row, "set aside")
    r.plant(other, "same_home_twice")
    return True


def _apart(r: Return, rng: Rng) -> bool:
    row = r.untouched(rng)
    if r.table != "placement_census" or row is None:
        return False
    row["contribution_health"] = "501"
    r.plant(row, "contributions_do_not_add_up")
    return True


def _not_adding_up(r: Return, rng: Rng) -> bool:
    row = r.untouched(rng)
    if r.table != "provider_settings" or row is None:
        return False
    row["registered_places"] = str(int(row["registered_places"]) + 1)
    r.plant(row, "counts_do_not_add_up")
    return True


def _no_reason(r: Return, rng: Rng) -> bool:
    row = r.untouched(rng)
    if r.table != "provider_settings" or row is None:
        return False
    row |= {
        "registered_places": "3",
        "occupied_places": "1",
        "vacant_places": "1",
        "unavailable_places": "1",
        "unavailable_reason": "",
    }
    r.plant(row, "reason_not_given")
    return True


def _other_authority(r: Return, rng: Rng) -> bool:
    row = r.untouched(rng)
    if (
        r.table != "placement_census"
        or row is None
        or sum(x.get("placing_authority") != "Stockport" for x in r.rows) > len(r.rows) / 4
    ):
        return False
    row["placing_authority"] = "Trafford MBC"
    r.plant(row, "other_authority")
    return True


def _month_first(r: Return, rng: Rng) -> bool:
    row = r.untouched(rng)
    if r.table not in LOOSE_DATES or row is None:
        return False
    if any(id(other) in r.damaged and other.get("placement_start_date") for other in r.rows):
        return False  # what other damage did to a date would be undone, or doubted too
    for other in r.rows:
        other["placement_start_date"] = ""
    row["placement_start_date"] = "03/25/2024"
    r.plant(row, "month_first_left_blank")
    return True


def _late_start(r: Return, rng: Rng) -> bool:
    row = r.untouched(rng)
    dates = [other.get("placement_start_date") for other in r.rows]
    if (
        r.table not in LOOSE_DATES or row is None or sum(map(bool, dates)) < 4
    ):  # of few dates one late would be most
        return False
    row["placement_start_date"] = "13/06/2025"
    r.plant(row, "starts_after_the_census_date")
    return True


def _style(change: Callable[[Return, Rng], None]) -> Damage:
    """Damage that must lead to no finding at all."""

    def damage(r: Return, rng: Rng) -> bool:
        change(r, rng)
        return True

    return damage


def _encoding(r: Return, rng: Rng) -> None:
    r.encoding = str(rng.choice(["utf-8-sig", "utf-16", "cp1252", "mac_roman"]))


def _delimiter(r: Return, rng: Rng) -> None:
    r.delimiter = str(rng.choice([";", "\t"]))


def _header_style(r: Return, rng: Rng) -> None:
    styles = [str.upper, str.lower, lambda t: f"  {t} ", lambda t: t.replace(" ", "\n")]
    styles += [lambda t: f"{t} (Note 4)", lambda t: f"\ufeff{t}", lambda t: t.replace("_", " ")]
    r.headers = {
        name: styles[int(rng.integers(len(styles)))](text) for name, text in r.headers.items()
    }


def _titles(r: Return, rng: Rng) -> None:
    r.titles = [["Quarterly return"], [], ["Sent by somebody, March 2025"]][
        : int(rng.integers(1, 4))
    ]


def _order(r: Return, rng: Rng) -> None:
    r.order = [str(name) for name in rng.permutation(r.columns)]


def _spaces(r: Return, rng: Rng) -> None:
    for row in r.rows:
        for name, text in row.items():
            if text and rng.random() < 0.3:
                row[name] = f" {text}\u00a0"


def _number_styles(r: Return, rng: Rng) -> None:
    for row in r.rows:
        for name in ("weekly_fee", "total_weekly_cost"):
            if row.get(name, "").replace(".", "").isdigit():
                row[name] = f"\u00a3{float(row[name]):,.2f}"


def _urn_floats(r: Return, rng: Rng) -> None:
    for row in r.rows:
        for name in ("establishment_urn",):
            if row.get(name, "").isdigit():
                row[name] += ".0"


def _date_styles(r: Return, rng: Rng) -> None:
    style = int(rng.integers(5))
    for row in r.rows:
        for name in ("placement_start_date", "decom"):
            try:
                day = dt.datetime.strptime(row.get(name, ""), "%d/%m/%Y").date()  # noqa: DTZ007 - a date has no time zone
            except ValueError:
                continue
            serial = str((day - dt.date(1899, 12, 30)).days)
            # one style a day: an exact duplicate stays one
            row[name] = [
                f"{day:%Y-%m-%d}",
                f"{day:%d.%m.%Y}",
                f"{day:%d %B %Y}",
                f"{day:%d-%b-%y}",
                serial,
            ][(day.toordinal() + style) % 5]


def _label_styles(r: Return, rng: Rng) -> None:
    for row in r.rows:
        for name in ("provision_type", "type_of_provision"):
            if name in row and "'" in row[name]:
                row[name] = row[name].replace("'", "\u2019").upper()


def _workbook(r: Return, rng: Rng) -> None:
    r.as_workbook, r.encoding, r.delimiter = True, "utf-8", ","
    r.cut_cells.clear()
    r.extra_cells.clear()  # in a workbook no value can slip under another column
    r.planted = [
        (row, rule) for row, rule in r.planted if rule not in {"too_few_cells", "too_many_cells"}
    ]


def _unasked_column(r: Return, rng: Rng) -> bool:
    r.columns.append("favourite colour")
    r.headers["favourite colour"] = "Favourite colour"
    r.order = []
    for row in r.rows:
        if any(row.values()):
            row["favourite colour"] = "blue"
    r.file_rules.append("column_dropped")
    return r.table != "ssda903_episodes"


def _missing_column(r: Return, rng: Rng) -> bool:
    name = str(rng.choice(return_tables()[r.table].needed))
    if name not in r.columns or len(r.columns) < 5:
        return False
    r.columns.remove(name)
    r.order = []
    r.file_rules.append("missing_column")
    return True


def _cut_short(r: Return, rng: Rng) -> bool:
    _workbook(r, rng)
    r.cut_bytes = int(rng.integers(50, 3000))
    r.file_rules.append("unreadable_file")
    return True


KINDS: dict[str, Damage] = {
    "needed cell blank": lambda r, rng: _pick(NEEDED, "", "blank")(r, rng),
    "count is no number": _pick(COUNTS, _garbage, "unreadable"),
    "count below nought": _pick(COUNTS, "-2", "out_of_range"),
    "count with a fraction": _pick(COUNTS, "2.5", "unreadable"),
    "label unknown": _pick(LABELS, "A castle", "unknown_label"),
    "loose label unknown": _pick(LOOSE_LABELS, "Perhaps", "unknown_label_left_blank"),
    "authority unknown": _pick(AUTHORITIES, "Stokport", "unknown_authority"),
    "authority ended": _pick(AUTHORITIES, "Cumbria County Council", "unknown_authority"),
    "loose number unreadable": _pick(LOOSE_NUMBERS, _garbage, "unreadable_left_blank"),
    "loose number out of range": _pick(
        {"provider_placements": ["age"], "placement_census": ["age"]},
        "140",
        "out_of_range_left_blank",
    ),
    "loose date unreadable": _pick(LOOSE_DATES, "2024-02-31", "unreadable_left_blank"),
    "date unreadable": _pick({"ssda903_episodes": ["decom"]}, "soon", "unreadable"),
    "end unreadable": _pick({"ssda903_episodes": ["dec"]}, "99/99/9999", "unreadable"),
    "end before start": _ends_early,
    "row too long": _too_many_cells,
    "row too short": _too_few_cells,
    "blank row": _insert({}),
    "totals line": _insert({"*": "Total"}),
    "exact duplicate": _duplicate,
    "one child twice": _same_reference,
    "one home twice": _home_twice,
    "contributions apart": _apart,
    "counts apart": _not_adding_up,
    "reason not given": _no_reason,
    "another authority's row": _other_authority,
    "month first": _month_first,
    "late start": _late_start,
    "unasked column": _unasked_column,
    "missing column": _missing_column,
    "cut short": _cut_short,
    "encoding": _style(_encoding),
    "delimiter": _style(_delimiter),
    "header style": _style(_header_style),
    "titles above": _style(_titles),
    "columns in another order": _style(_order),
    "spaces": _style(_spaces),
    "money style": _style(_number_styles),
    "URNs as floats": _style(_urn_floats),
    "date style": _style(_date_styles),
    "label style": _style(_label_styles),
    "workbook": _style(_workbook),
}
WHOLE_FILE = {"missing column", "cut short"}
"""Kinds that reject the file: nothing need be found in its rows then."""


# --- holding a damaged return up to the door
# ----------------------------------------------------------


class _InMemory:
    """A file in memory, as the landing place gives it."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def open(self, _: str) -> io.BytesIO:
        return io.BytesIO(self.data)


def make(seed: int, kinds: list[str] | None = None) -> tuple[Return, list[str]]:
    """A return with one to four kinds of damage, by seed. Gives the return and the kinds it has."""
    rng = np.random.default_rng(seed)
    made = MAKERS[str(rng.choice(list(MAKERS)))](rng)
    chosen = kinds or [
        str(k) for k in rng.choice(list(KINDS), int(rng.integers(1, 5)), replace=False)
    ]
    chosen.sort(
        key=lambda kind: (kind in {"delimiter", "encoding", "workbook"}, kind in WHOLE_FILE)
    )
    return made, [kind for kind in chosen if KINDS[kind](made, rng)]


def hold_up(made: Return) -> tuple[Submission, list[JudgedTable]]:
    """Take the return to the door."""
    data = made.content()
    file = LandedFile(
        DATE,
        made.folder,
        "return",
        _InMemory(data),
        len(data),
        dt.datetime(2025, 4, 10, tzinfo=dt.UTC),
    )
    submission = open_submission("damaged", file, "")
    return submission, judge([submission], DATE, KEY)


def faults(made: Return, kinds: list[str]) -> list[str]:
    """What is wrong with how the door judged a damaged return; empty where all is well."""
    try:
        submission, tables = hold_up(made)
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]
    wrong = []
    for table in tables:
        book = table.books.iloc[0]
        if (
            book.rows_received != book.rows_loaded + book.rows_rejected + book.rows_set_aside
            or book.rows_received != len(table.rows)
        ):
            wrong.append(f"the books do not balance: {dict(book)}")
    rules = {f.rule for f in submission.findings}
    # A file that cannot be read says nothing else; one without a needed column says that alone.
    told = [
        rule for rule in made.file_rules if rule == "unreadable_file" or "cut short" not in kinds
    ]
    told = [rule for rule in told if rule != "column_dropped" or not WHOLE_FILE & set(kinds)]
    wrong += [f"{rule} was planted and not found" for rule in told if rule not in rules]
    if submission.is_rejected:
        if not WHOLE_FILE & set(kinds) and not rules & {
            "nothing_loaded",
            "wrong_authority",
            "unknown_own_authority",
        }:
            wrong.append(f"the file was rejected: {sorted(rules)}")
        return wrong
    if not tables:
        return [*wrong, "no table was recognised"]
    found = {
        (int(n), str(rule))
        for table in tables
        for n, rule in zip(table.findings["row_number"], table.findings["rule"], strict=True)
    }
    fate = {
        int(n): str(f)
        for table in tables
        for n, f in zip(table.rows["row_number"], table.rows["fate"], strict=True)
    }
    for row, rule in made.planted:
        number = made.row_number(row)
        if rule == "set aside":
            if fate.get(number) not in {"set aside", None if not any(row.values()) else "-"}:
                wrong.append(f"row {number} was to be set aside and was {fate.get(number)}")
        elif (number, rule) not in found:
            wrong.append(
                f"{rule} was planted in row {number} and not found there:"
                f" {sorted(r for n, r in found if n == number)}"
            )
    planted = {made.row_number(row) for row, _ in made.planted}
    others = {
        (n, rule)
        for n, rule in found
        if n not in planted and rule not in {"birth_date_not_known", "month_first_left_blank"}
    }
    if others:
        wrong.append(f"found where nothing was planted: {sorted(others)[:5]}")
    return wrong


__all__ = ["KINDS", "faults", "hold_up", "make"]
