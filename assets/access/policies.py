"""Policies: who may read which rows of which table, worked out from the tables' columns by one
rule.

Belongs here: the rule, as data that `rights` and `fences` write into the database and the tests
hold against it. Does not belong here: DDL (`rights`, `fences`), logins (`logins`).

There are five kinds of reader. Whatever no rule covers is closed to all of them:

- an **authority** reads the rows that are its own. A row about one child (or one placement) belongs
  to the authority that placed the child, never to the host, who sees counts. A row of counts
  belongs to every authority that is a party to it, as host or as placing. Fees are confidential
  between authorities: a table with money shows an authority what it pays itself, and of its own
  sub-region and region what the money rule lets out (`MAY_BE_SHOWN`). Tables whose model says
  `readers: members`, and those that the region's agreement opens, are read whole;
- the **regional** group reads all of core and curated but rows about children;
- the group of a **sub-region**, where the region's file lets sub-regions have one (a nation's
  regions, in one home), reads of these what its members are a party to, and the sub-region's own
  figures. Of fees and of single homes' children it reads what its members pay and place;
- an **engineer** reads everything but rows about children, the rows as received and the staging
views included;
- the **public** reads what was published.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from functools import cache

from assets.warehouse.about_children import is_about_children, money_in
from assets.warehouse.models import PYTHON_TABLES, Relation, models, raw_columns
from schemas.regions import Region

AUTHORITY, SUB_REGIONAL, REGIONAL = "authority", "sub_regional", "regional"
ENGINEER, PUBLIC = "engineer", "public"
KINDS = (AUTHORITY, SUB_REGIONAL, REGIONAL, ENGINEER, PUBLIC)

OPERATOR = "operator"
"""Whoever runs the observatory and asks it a question: every row of every table, for as long as the
question lasts. Nobody is granted it.
"""

EVERY_ROW = "true"
QUARTER = "for_quarter"
"""The quarter whose rows are being chosen (`fences`)."""
OWN = "own.authority_code"
"""The reader's own authority: of the login's row, found by the name that the server knows it by,
which no reader can change (`fences`).
"""

OWN_SUB_REGION, OWN_MEMBERS = "own.sub_region_name", "own.members"
"""The sub-region of the reader's login, and the codes of its members by the region's file."""

_OWNERS = ("placing_authority_code", "authority_code")
_PARTIES = ("authority_code", "placing_authority_code", "host_authority_code")
_ONE_HOME, _CHILDREN = {"urn", "placing_authority_code"}, "children"
"""Columns of a table that counts one authority's children (whoever says so) in a home that it
names, and how the names of its counts begin.
"""

MAY_BE_SHOWN = "fees_may_be_shown"
"""The column that says whether an area's fees may be shown to its members: the region's money rule,
worked out by the model.
"""

ONE_FEE = {"median_weekly_cost", "lower_decile_weekly_cost", "upper_decile_weekly_cost"}
"""Of an odd number of placements the median is the fee of one of them, to the penny: of what is not
its own every reader has these in whole tens of pounds, as releases print them. The regional group
and engineers pay no fee: to them none is their own."""

OF_AN_AREA = {"placements", "placements_without_cost", "owner_groups", "largest_group_share"}
"""What an area's fees are of: exact, they are children of the others, and with the mean what these
pay the largest owner group. Of what is not its own an authority has none, and money in whole tens:
from means to the penny they could be worked out. Releases print the region's placements."""

SEARCHES = "searches"
"""The column by which a table of counts of searches for homes is known. They are few and say much
of a child: of what is not its own every reader, the regional group and engineers too, has counts up
to `SMALL` blank (zeros too: they would help to work out the rest) and others to the nearest `STEP`.
"""
SMALL, STEP = 7, 5
RESTS_ON = {"median_days_to_placement": "searches_dated"}
"""Medians of such a table, shown to others where the count that they rest on is above `SMALL`. Of
fees others have none: the money rule asks for three owner groups, and a search does not tell who
owns the home."""

RATIO = "ratio_to_region"
OF_OTHERS = {
    "sub_region_figure",
    "region_figure",
    "neighbours_figure",
    RATIO,
    "region_share_raised",
    "region_median_fee_change",
}
"""Others' figures in an authority's own row, told because others enough stand behind them. From
these a group of a sub-region could take those of all its members, and have one other's (who left
the sub-region since, too): to it they are blank, and so is the rank that rests on them.
"""
RANK = "rank_in_region"

OWN_AREAS = (
    f"(select a.area_level, a.area_code from core.area as a where a.census_date = {QUARTER} and"
    f" a.authority_code = {OWN})"
)
AUTHORITIES = f"(select a.authority_code from core.authority as a where a.census_date = {QUARTER})"
"""Asked of the quarter alone: they are worked out anew for each quarter that a question goes
through.
"""

MEMBERS_ALONE = (
    f"(select bool_and(a.authority_code = any({OWN_MEMBERS})) from core.area as a where"
    f" a.census_date = {QUARTER} and a.area_level = 'sub-region' and a.area_code ="
    f" {OWN_SUB_REGION})"
)
"""Whether its sub-region held none but its members in the quarter: a closed quarter stays as it was
when the region's file moves an authority, whose figure the area's would tell.
"""

COUNTED_PLACES = {"occupied", "occupied_estimate"}
"""Places lived in are children: of a sub-region of two, exact, an authority would take away its own
and have the other's.
"""


@dataclass(frozen=True)
class AsApproved:
    """Which rows of a relation an authority reads as they stood when the last approved release was
    drafted: all but the `live` ones. `whose` is the column by which they are kept
    (`raw.released_told`), `kept` which of those may be its own, and `served` which rows any
    authority is served so: of others none is kept, for it may be of one child.
    """

    whose: str
    live: str
    kept: str
    served: str


def as_approved(columns: Collection[str]) -> AsApproved | None:
    """How a relation with these columns stands apart from an authority's own returns; None where
    it need not.

    What is told of others is worked out of the authority's own rows too. As these can be sent again
    at any time, it could try one return after another, and see from which number on a rank, or an
    area's fee, moves: that tells the others' number. Each such step now takes an approval.
    """
    if {MAY_BE_SHOWN, "area_level"} <= set(columns):
        own_areas = f"whose in (select o.area_code from {OWN_AREAS} as o)"
        served = f"t.{MAY_BE_SHOWN} and t.area_level <> 'authority'"
        return AsApproved("area_code", f"area_code = {OWN}", own_areas, served)
    if RANK in columns and OF_OTHERS & set(columns) and not money_in(columns):
        served = "t.unit not like 'pounds%'" if "unit" in columns else "true"
        return AsApproved("authority_code", "false", f"whose = {OWN}", served)
    return None


PUBLISHED = ("release", "cell", "release_return", "release_status")
PUBLISHED_VIEWS = ("release_return", "release_status")


@dataclass(frozen=True)
class Policy:
    """Who reads one relation: by kind of reader, the condition on its rows. A kind that is not
    named may not read it at all.

    `is_about_children` says that a row is about one child: every reading of it is written down.
    `approved` says what of it an authority reads as the last approved release had it.
    """

    schema: str
    name: str
    is_view: bool = False
    is_about_children: bool = False
    readers: dict[str, str] = field(default_factory=dict)
    approved: AsApproved | None = None

    @property
    def table(self) -> str:
        """`schema.table`."""
        return f"{self.schema}.{self.name}"

    def without(self, kind: str) -> Policy:
        """The policy with no reader of a kind."""
        return replace(self, readers={k: rows for k, rows in self.readers.items() if k != kind})

    def with_operator(self) -> Policy:
        """The policy with the operator as a reader of every row; what is about children is noted
        for it as for others.
        """
        return replace(self, readers={**self.readers, OPERATOR: EVERY_ROW})


def authority_condition(columns: Collection[str]) -> str | None:
    """Which rows of a table with these columns an authority reads; None where the columns do not
    say whose a row is.
    """
    # children first: money and area of a child's row open nothing more
    if is_about_children(columns):
        return _of_first(_OWNERS, columns)
    if "area_code" in columns:
        return _of_areas(set(columns))
    if money_in(columns):
        return _of_first(_OWNERS, columns)
    # one authority's children in a named home: often one child
    if _counts_one_home(columns):
        return _of_first(("placing_authority_code",), columns)
    condition = " or ".join(f"{name} = {OWN}" for name in _parties(columns)) or None
    return _without_fees_of_the_region(condition, columns)


def _counts_one_home(columns: Collection[str]) -> bool:
    is_counted = any(name.startswith(_CHILDREN) for name in columns)
    return is_counted and set(columns) >= _ONE_HOME


def _of_first(owners: tuple[str, ...], columns: Collection[str]) -> str | None:
    """The rows whose first owner among the columns is the authority."""
    owner = next((name for name in owners if name in columns), None)
    return f"{owner} = {OWN}" if owner else None


def _of_areas(columns: set[str]) -> str:
    """Which rows of areas an authority reads: its own, and of larger areas what may be told it."""
    own = f"area_code = {OWN}"
    # which areas an authority was in is known of a quarter: a table without one shows its own alone
    if "census_date" not in columns or COUNTED_PLACES & columns:
        return own
    if not money_in(columns):
        return f"{own} or area_code not in {AUTHORITIES}"
    if {MAY_BE_SHOWN, "area_level"} <= columns:
        return f"{own} or ({MAY_BE_SHOWN} and (area_level, area_code) in {OWN_AREAS})"
    return own


def _parties(columns: Collection[str]) -> list[str]:
    """The columns that name the parties to a row; who sent it, where none does."""
    return [name for name in _PARTIES if name in columns] or [
        name for name in ("sender",) if name in columns
    ]


def sub_regional_condition(columns: Collection[str]) -> str | None:
    """Which rows of a table with these columns the group of a sub-region reads; None where the
    columns do not say whose a row is, or it is about one child.

    Of other areas it reads no figure of this table, and none in its members' rows (`of_others`):
    taken from the whole, its members' would leave the others'. Releases tell of them what may be
    told.
    """
    if is_about_children(columns):
        return None
    if "area_code" in columns:
        of_area = f"area_code = any({OWN_MEMBERS})"
        if "area_level" not in columns:
            return of_area
        return f"{of_area} or (area_code = {OWN_SUB_REGION} and {MEMBERS_ALONE})"
    parties = _parties(columns)
    if money_in(columns) or _counts_one_home(columns):
        # a fee or a single child's home is its payer's, never its host's
        parties = [name for name in _OWNERS if name in columns][:1]
    condition = " or ".join(f"{name} = any({OWN_MEMBERS})" for name in parties) or None
    return _without_fees_of_the_region(condition, columns)


def of_others(columns: Collection[str]) -> set[str]:
    """The columns of a member's row that are blank to the group of its sub-region."""
    blank = OF_OTHERS & set(columns)
    return blank | ({RANK} & set(columns)) if blank else blank


def _without_fees_of_the_region(condition: str | None, columns: Collection[str]) -> str | None:
    """The region's figure in a row of one's own: of fees it would tell others'."""
    if condition and {"unit", "region_figure"} <= set(columns):
        return f"({condition}) and unit not like 'pounds%'"
    return condition


def _model_policy(relation: Relation, region: Region) -> Policy:
    model = models()[relation]
    children = is_about_children(model.columns)
    readers: dict[str, str] = {}
    if relation == ("staging", "finding"):
        return Policy(*relation, is_view=True, readers={ENGINEER: _about_no_child()})
    if (
        model.schema == "staging" or model.is_view
    ):  # read with the reader's own rights: only where all that it reads is the reader's too
        if _engineer_reads(relation):
            readers[ENGINEER] = EVERY_ROW
        return Policy(*relation, is_view=model.is_view, is_about_children=children, readers=readers)
    if not children:
        readers |= {REGIONAL: EVERY_ROW, ENGINEER: EVERY_ROW}
    # not even the region's agreement opens rows of children, or money
    is_open = (
        not children
        and not money_in(model.columns)
        and (model.readers == "members" or model.table in region.open_to_members)
    )
    if condition := EVERY_ROW if is_open else authority_condition(model.columns):
        readers[AUTHORITY] = condition
    if condition := EVERY_ROW if is_open else sub_regional_condition(model.columns):
        readers[SUB_REGIONAL] = condition
    approved = None if is_open else as_approved(model.columns)
    return Policy(*relation, is_about_children=children, readers=readers, approved=approved)


def _engineer_reads(relation: Relation) -> bool:
    """Whether nothing that the relation rests on has rows about children."""
    schema, name = relation
    if schema == "raw":
        return not is_about_children(raw_columns()[name])
    model = models()[relation]
    if is_about_children(model.columns):
        return False
    return not model.is_view or all(_engineer_reads(upstream) for upstream in model.upstream)


@cache
def tables_of_children_as_received() -> tuple[str, ...]:
    """The tables in `raw` whose rows are about children."""
    return tuple(name for name, columns in raw_columns().items() if is_about_children(columns))


def _about_no_child() -> str:
    """The condition on findings that an engineer may read: a finding quotes the cell that it is
    about.
    """
    return " and ".join(f"table_name <> '{table}'" for table in tables_of_children_as_received())


def _raw_policy(name: str) -> Policy:
    columns = raw_columns()[name]
    if is_about_children(columns):
        return Policy("raw", name, is_about_children=True)
    return Policy(
        "raw", name, readers={ENGINEER: _about_no_child() if name == "finding" else EVERY_ROW}
    )


def policies(region: Region) -> dict[Relation, Policy]:
    """The policy of every relation that is to be read by anybody but the pipeline, by schema and
    name.
    """
    every = [_raw_policy(name) for name in raw_columns()]
    every += [_model_policy(relation, region) for relation in models()]
    for relation, table in PYTHON_TABLES.items():
        conditions = {
            AUTHORITY: authority_condition(table.columns),
            SUB_REGIONAL: sub_regional_condition(table.columns),
            REGIONAL: EVERY_ROW,
            ENGINEER: EVERY_ROW,
        }
        every.append(
            Policy(*relation, readers={kind: one for kind, one in conditions.items() if one})
        )
    every += [
        Policy(
            "published",
            name,
            is_view=name in PUBLISHED_VIEWS,
            readers=dict.fromkeys(KINDS, EVERY_ROW),
        )
        for name in PUBLISHED
    ]
    if not region.sub_regional_groups:
        every = [policy.without(SUB_REGIONAL) for policy in every]
    return {(policy.schema, policy.name): policy for policy in every}
