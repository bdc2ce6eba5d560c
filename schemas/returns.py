"""Layouts of the returns (`returns/*.toml`): which tables come in, their columns and how each is
recognised.

Belongs here: reading the layouts, and matching a header row with them. A new quarter's column is a
line in a layout. Does not belong here: opening files (`assets/intake`), or what a value must be
(`contracts.py`).
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as attribute
from functools import cache
from pathlib import Path
from typing import Any

from schemas.cans import items
from schemas.fields import Field, field
from schemas.headers import header_key
from schemas.program import hash_of

HERE = Path(__file__).parent / "returns"
CODES = Path(__file__).parent / "codes"


@dataclass(frozen=True)
class Personal:
    """A kind of values that could identify somebody, or a home's address: what is `kept` of it, and
    what its sender is `told`.
    """

    kept: str
    told: str


PERSONAL = {
    "child key": Personal(
        "kept as a keyed hash alone (`child_key`)",
        "It names a child. It is replaced by a code that cannot be turned back; what you sent is"
        " not kept in the warehouse.",
    ),
    "birth date": Personal(
        "not kept: month of birth and ages are",
        "It could identify a child. It becomes an age and a birth month; what you sent is not kept"
        " in the warehouse.",
    ),
    "postcode": Personal(
        "not kept: its authority and the distance are",
        "It could say where a child lives. It becomes an area and a distance; what you sent is not"
        " kept in the warehouse.",
    ),
    "setting postcode": Personal(
        "not kept: its district and the middle of its sector are",
        "It could tell a home's address. Its district and the middle of its sector are kept; what"
        " you sent is not.",
    ),
    "outward postcode": Personal(
        "its first half is kept",
        "It could say where a child lives. Its first part is kept; anything behind it is not.",
    ),
    "officer": Personal(
        "not kept",
        "It names a member of staff. It is taken out, and is neither kept nor shown to anybody.",
    ),
    "drop": Personal(
        "not kept",
        "It could identify a person or a home. It is taken out and not kept in the warehouse.",
    ),
}
"""By the layout's word for it."""


@dataclass(frozen=True)
class Column:
    """One column of a return.

    `pattern` is a regular expression for headers in lower case that say it in more words (`child
    identifier`), where none says it in ours; `codes` names its code set; `personal` says what kind
    of personal value it holds (see `PERSONAL`); of an `in_header` column a cell may be blank, but a
    file without it is refused, for figures rest on it; `strict` means that an unreadable value rejects the
    row; `open_ended` dates may say that there is no end yet (31/12/9999); `usual` are the smallest
    and largest amount that nobody asks about, and `nought_is_usual` whether nobody asks about 0
    either; `several` cells may hold more than one label; `wanted` says of which records an official
    standard asks it ("always"; "elsewhere": the preferred location is not local; "placed": a home
    was found), `in_template` whether its template has it, `example` what the template's example
    says, and `path` is its path in that standard's JSON-LD; `staged_as` is its name in staging where
    that is not its field's; `first` and `last` are the census dates between which the layout has it.
    """

    name: str
    field: Field
    headers: tuple[str, ...]
    pattern: str = ""
    needed: bool = False
    in_header: bool = False
    optional: bool = False
    codes: str = ""
    personal: str = ""
    strict: bool = False
    minimum: float | None = None
    maximum: float | None = None
    needed_when: str = ""
    unknown_allowed: bool = False
    open_ended: bool = False
    usual: tuple[float, float] | None = None
    nought_is_usual: bool = True
    several: bool = False
    wanted: str = ""
    in_template: bool = True
    example: str = ""
    path: str = ""
    staged_as: str = ""
    first: dt.date | None = None
    last: dt.date | None = None

    @property
    def type(self) -> str:
        """The field's type; a column with a code set is text."""
        return self.field.type

    @property
    def kept_as(self) -> str | None:
        """The column's name in the warehouse; None where the door drops it."""
        if self.personal == "outward postcode":
            return self.name
        if self.personal:
            return "child_key" if self.personal == "child key" else None
        return self.name

    @property
    def staged(self) -> str:
        """The column's name in the staging view."""
        return self.staged_as or (str(self.kept_as) if self.personal else self.field.name)

    @property
    def staged_type(self) -> str:
        """The column's PostgreSQL type in the staging view: what is kept of a personal value is
        text.
        """
        return "text" if self.personal else self.field.postgres_type

    def expected_on(self, census_date: dt.date) -> bool:
        """Whether the layout of that quarter has the column."""
        if self.optional:
            return False
        return (self.first is None or self.first <= census_date) and (
            self.last is None or census_date <= self.last
        )


@dataclass(frozen=True)
class Sum:
    """Parts that add up to a total, within a tolerance; where they do not, a warning."""

    rule: str
    total: str
    parts: tuple[str, ...]
    within: float


@dataclass(frozen=True)
class Order:
    """Two dates or numbers of which the first must not be after the last; what happens where it is,
    the rule says.
    """

    rule: str
    first: str
    last: str


@dataclass(frozen=True)
class Together:
    """Columns that are given together or not at all; where they are not, a warning."""

    rule: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Once:
    """Rows of which a return may hold one a key, where `where` says one of `values`: of several
    that differ the last counts, with a warning.
    """

    rule: str
    key: str
    where: str
    values: tuple[str, ...]


DERIVED: dict[str, tuple[str, ...]] = {
    "": (),
    "authority": ("authority_code",),
    "data set": ("data_set",),
    "searches": ("has_no_siblings",),
    "children": ("authority_code", "birth_month", "age"),
    "episodes": (
        "authority_code", "age", "age_at_start", "age_at_end",
        "placement_authority_code", "placement_key", "distance_miles", "distance_is_approximate",
    ),
    "orders": ("authority_code", "age_at_start"),
    "setting places": ("district_code", "sector_easting", "sector_northing"),
    "needs": ("authority_code", "needs_found", "traumas_found", "items_answered"),
}  # fmt: skip
"""Columns that the door works out and adds, by what a layout says in `derive`."""

PUBLISHERS = frozenset({"ofsted", "dfe", "mhclg"})
"""Kinds of senders whose files are published as they are: nothing in them is anybody's secret."""


@dataclass(frozen=True)
class ReturnTable:
    """One table that a return may hold.

    `leave_alone` tables are recognised and recorded, and nothing of them is kept; `whole_rows`
    tables reject a row with fewer cells than the header. `filters` are headers of which a file has
    some: in this order they are its columns filter_1, filter_2 ...; a file with a column that the
    layout does not know is refused where `every_column_known`. The template of an `explained` table
    has a row of explanations below its header, and an example below that. `starts` says in words
    what happened on its `start_date`. `items` names a layout of CANS, whose items are columns too
    (`cans.py`); their answers are looked at, and not kept. `apart` tables are files of their own of
    one return: a fault of one, or of what lies beside it, does not touch the others.
    """

    name: str
    title: str
    grain: str
    senders: tuple[str, ...]
    order: int
    recognised_by: tuple[str, ...]
    columns: tuple[Column, ...]
    identity: tuple[str, ...] = ()
    own_authority: str = ""
    start_date: str = ""
    starts: str = "placements start"
    explained: bool = False
    may_be_empty: bool = False
    ignore_other_columns: bool = False
    known_and_left: frozenset[str] = frozenset()
    sums: tuple[Sum, ...] = ()
    orders: tuple[Order, ...] = ()
    together: tuple[Together, ...] = ()
    once: Once | None = None
    recognised_by_one_of: tuple[str, ...] = ()
    authority_column: str = ""
    derive: str = ""
    whole_rows: bool = False
    leave_alone: bool = False
    every_column_known: bool = False
    filters: tuple[str, ...] = ()
    apart: bool = False
    items: str = ""
    header_keys: dict[str, str] = attribute(default_factory=dict, compare=False)

    def column(self, name: str) -> Column:
        """The column called `name`."""
        return next(c for c in self.columns if c.name == name)

    @property
    def is_published(self) -> bool:
        """Whether only publishers of official statistics and lists send it."""
        return PUBLISHERS.issuperset(self.senders)

    @property
    def kept(self) -> list[Column]:
        """The columns that reach the warehouse, in the layout's order."""
        return [c for c in self.columns if c.kept_as]

    @property
    def derived(self) -> list[Field]:
        """The columns that the door works out and adds."""
        return [field(name) for name in DERIVED[self.derive]]

    @property
    def warehouse_columns(self) -> list[str]:
        """Names of the columns in `raw`, after those that every table has."""
        return [str(c.kept_as) for c in self.kept] + [f.name for f in self.derived]

    def is_recognised_by(self, columns: Iterable[str]) -> bool:
        """Whether a header with these columns is this table's."""
        here = set(columns)
        some = not self.recognised_by_one_of or any(
            name in here for name in self.recognised_by_one_of
        )
        return some and all(name in here for name in self.recognised_by)

    @property
    def needed(self) -> list[str]:
        """Names of the columns that must be there and must not be blank."""
        return [c.name for c in self.columns if c.needed]


def _column(entry: dict[str, Any]) -> Column:
    meaning = field(entry.get("field", entry["name"]))
    own = [] if entry.get("only_headers") else [entry["name"]]
    return Column(
        name=entry["name"],
        field=meaning,
        headers=tuple(dict.fromkeys([*entry.get("headers", []), *own])),
        pattern=entry.get("pattern", ""),
        needed=entry.get("needed", False),
        in_header=entry.get("in_header", False),
        optional=entry.get("optional", False),
        codes=entry.get("codes", ""),
        personal=entry.get("personal", ""),
        strict=entry.get("strict", False),
        minimum=entry.get("minimum"),
        maximum=entry.get("maximum"),
        needed_when=entry.get("needed_when", ""),
        unknown_allowed=entry.get("unknown_allowed", False),
        open_ended=entry.get("open_ended", False),
        usual=tuple(entry["usual"]) if "usual" in entry else None,
        nought_is_usual=entry.get("nought_is_usual", True),
        several=entry.get("several", False),
        wanted=entry.get("wanted", ""),
        in_template=entry.get("in_template", True),
        example=entry.get("example", ""),
        path=entry.get("path", ""),
        staged_as=entry.get("staged_as", ""),
        first=entry.get("from"),
        last=entry.get("to"),
    )


_ANSWERS = {"score": "cans_score", "yes or no": "cans_yes_no"}


def _of_items(layout: str) -> list[dict[str, Any]]:
    """The columns of CANS's items, as a layout would have them."""
    return [
        {
            "name": item.key, "field": "cans_answer", "headers": [item.title], "only_headers": True,
            "codes": _ANSWERS[item.answers], "personal": "drop", "optional": True,
        }
        for item in (items(layout) if layout else ())
    ]  # fmt: skip


def _table(data: dict[str, Any], others: dict[str, dict[str, Any]]) -> ReturnTable:
    entries = data["columns"]
    left = list(data.get("known_and_left", []))
    if parent := data.get("same_columns_as"):
        # what every edition of the one list has, some of the other lack
        of_parent = [{**entry, "in_header": False} for entry in others[parent]["columns"]]
        entries = [*of_parent, *entries]
        left += others[parent].get("known_and_left", [])
    columns = tuple(_column(entry) for entry in [*entries, *_of_items(data.get("items", ""))])
    header_keys: dict[str, str] = {}
    for column in columns:
        for header in column.headers:
            if header_keys.setdefault(header_key(header), column.name) != column.name:
                raise ValueError(
                    f"{data['name']}: the header '{header}' stands for two columns; give one of"
                    " them only_headers."
                )
    return ReturnTable(
        name=data["name"],
        title=data["title"],
        grain=data["grain"],
        senders=tuple(data["senders"]),
        order=data["order"],
        recognised_by=tuple(data["recognised_by"]),
        columns=columns,
        identity=tuple(data.get("identity", [])),
        own_authority=data.get("own_authority", ""),
        start_date=data.get("start_date", ""),
        starts=data.get("starts", "placements start"),
        explained=data.get("explained", False),
        may_be_empty=data.get("may_be_empty", False),
        ignore_other_columns=data.get("ignore_other_columns", False),
        known_and_left=frozenset(header_key(h) for h in left),
        sums=tuple(
            Sum(s["rule"], s["total"], tuple(s["parts"]), s["within"]) for s in data.get("sums", [])
        ),
        orders=tuple(Order(o["rule"], o["first"], o["last"]) for o in data.get("orders", [])),
        together=tuple(Together(t["rule"], tuple(t["columns"])) for t in data.get("together", [])),
        once=(
            Once(o["rule"], o["key"], o["where"], tuple(o["values"]))
            if (o := data.get("once"))
            else None
        ),
        recognised_by_one_of=tuple(data.get("recognised_by_one_of", [])),
        authority_column=data.get("authority_column", ""),
        derive=data.get("derive", ""),
        whole_rows=data.get("whole_rows", False),
        leave_alone=data.get("leave_alone", False),
        every_column_known=data.get("every_column_known", False),
        filters=tuple(data.get("filters", [])),
        apart=data.get("apart", False),
        items=data.get("items", ""),
        header_keys=header_keys,
    )


@cache
def return_tables() -> dict[str, ReturnTable]:
    """All tables that returns may hold, by name, the most specific first (the order of
    recognising).
    """
    data = {
        d["name"]: d
        for d in (tomllib.loads(p.read_text(encoding="utf-8")) for p in sorted(HERE.glob("*.toml")))
    }
    tables = sorted((_table(d, data) for d in data.values()), key=lambda t: t.order)
    return {t.name: t for t in tables}


def _contracts() -> list[Path]:
    here = Path(__file__).parent
    folders = [
        *HERE.glob("*.toml"),
        *CODES.glob("*.csv"),
        *(here / "reference").glob("*.csv"),
        *(here / "dictionary").glob("*.toml"),
    ]
    return [*folders, here / "rules.toml", here / "statutory.toml"]


_CONTRACTS = hash_of(_contracts())


def contract_version() -> str:
    """A short hash of all layouts, rules, code sets, reference facts and columns: a file read under
    another one is read again.
    """
    return _CONTRACTS
