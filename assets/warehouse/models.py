"""SQL models: one SELECT a file in `dbt_like_sql/<schema>/<table>.sql`, found and understood by
parsing.

Belongs here: reading a model's head (description, grain, kind), the rules a model keeps, all models
in the order in which they are built. Does not belong here: parsing (`sql`), running a model
(`building`), or the tables it fills (`tables`).

The rules a model keeps are in `dbt_like_sql/README.md`; a file that breaks one is refused here with
a sentence that says which.
"""

from __future__ import annotations

import graphlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from assets.common.basis import short_digest
from assets.warehouse.facts import ModelError, Relation, Types, Understanding
from assets.warehouse.known import Known
from assets.warehouse.staging import staging_select
from resources.warehouse import physical
from schemas.fields import all_fields, field
from schemas.returns import HERE as LAYOUTS
from schemas.returns import return_tables

FOLDER = Path(__file__).resolve().parents[2] / "dbt_like_sql"
LAYERS = ("staging", "core", "curated")
_MAY_READ = {
    "staging": {"raw"},
    "core": {"staging", "core"},
    "curated": {"staging", "core", "curated"},
}


@dataclass(frozen=True)
class Model:
    """One table or view of the warehouse and the SELECT that makes it. `columns` are its columns'
    names, in order.

    `readers` is "party" (an authority sees the rows that are its own) or "members" (every member
    sees every row).
    """

    schema: str
    name: str
    sql: str
    description: str
    grain: tuple[str, ...]
    is_view: bool
    upstream: frozenset[Relation]
    code_version: str
    columns: tuple[str, ...]
    readers: str = "party"

    @property
    def relation(self) -> Relation:
        """Schema and table."""
        return self.schema, self.name

    @property
    def table(self) -> str:
        """`schema.table`, as readers call it."""
        return f"{self.schema}.{self.name}"

    @property
    def physical(self) -> str:
        """The table or view that holds the rows themselves, closed to readers."""
        return physical(self.table)

    @property
    def path(self) -> Path:
        """The model's file; of a staging view that a layout makes by itself, the layout."""
        written = FOLDER / self.schema / f"{self.name}.sql"
        return written if written.exists() else LAYOUTS / f"{self.name}.toml"

    def column_description(self, column: str) -> str:
        """What the column means, from the one dictionary of columns."""
        described = all_fields().get(column)
        return described.description if described else ""


@dataclass(frozen=True)
class PythonTable:
    """A table of the warehouse that Python fills after the models: its columns' types are the
    dictionary's. Views may read it, tables may not.
    """

    schema: str
    name: str
    description: str
    grain: tuple[str, ...]
    upstream: frozenset[Relation]
    columns: tuple[str, ...]
    is_view = False

    @property
    def relation(self) -> Relation:
        """Schema and table."""
        return self.schema, self.name

    @property
    def table(self) -> str:
        """`schema.table`, as readers call it."""
        return f"{self.schema}.{self.name}"

    @property
    def physical(self) -> str:
        """The table or view that holds the rows themselves, closed to readers."""
        return physical(self.table)

    @property
    def types(self) -> dict[str, str]:
        """Each column's PostgreSQL type."""
        return {column: field(column).postgres_type for column in self.columns}

    def column_description(self, column: str) -> str:
        """What the column means, from the one dictionary of columns."""
        return field(column).description


PROJECTION = PythonTable(
    "curated",
    "children_looked_after_projection",
    "Children looked after, and own placements by provision type, projected quarter by quarter to three years on, with the intervals in which 80 and "
    "95 per cent of the outcomes are expected. Children looked after are the totals of the SSDA903 (provision_type is All there); own placements are "
    "those of the one return that counts, and a provision type that an authority did not use in a quarter counts 0. A series is the unbroken run of "
    "quarters up to the census date that come from the same return; nothing later than the census date is used. The method is a damped trend. It "
    "stands only where it beat 'no change' in a backtest on the quarters before (both mean errors are given); elsewhere the projection is no change, "
    "with intervals of its own, and projection_note says why. Where the history is too short the figures are blank. A projection says what follows "
    "if things go on as they did: it knows of no policy, no closure and no change of law.",
    ("census_date", "authority_code", "measure", "provision_type", "horizon_date"),
    frozenset({("curated", "children_looked_after"), ("curated", "own_placements_location")}),
    (
        "census_date", "authority_code", "authority_gss", "authority_name", "measure", "provision_type", "horizon_date", "quarters_ahead", "latest",
        "projected", "projected_low_80", "projected_high_80", "projected_low_95", "projected_high_95", "projection_method", "history_quarters",
        "backtest_forecasts", "backtest_error", "no_change_error", "beats_no_change", "projection_note",
    ),
)  # fmt: skip

PYTHON_TABLES: dict[Relation, PythonTable] = {PROJECTION.relation: PROJECTION}
"""Tables that Python fills, by schema and name."""


@dataclass(frozen=True)
class WarehouseTest:
    """A SELECT of offending rows in `dbt_like_sql/tests`: it passes when it finds none. `blocks`
    keeps the quarter from being written.
    """

    name: str
    checks: str
    blocks: bool
    meaning: str
    sql: str
    upstream: frozenset[Relation]


def _head(text: str) -> tuple[str, dict[str, str]]:
    """The comment lines at the head of a file: description, and `key: value` lines."""
    description: list[str] = []
    entries: dict[str, str] = {}
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        content = line[2:].strip()
        known = re.match(r"(grain|kind|readers|checks|severity):\s*(.+)$", content)
        if known:
            entries[known.group(1)] = known.group(2).strip()
        else:
            description.append(content)
    return " ".join(description).strip(), entries


def raw_columns() -> dict[str, dict[str, str]]:
    """Columns and types of the tables in `raw`, by table: what parsing starts from."""
    reference = {
        "authority": (
            "authority_code",
            "gss_code",
            "authority_name",
            "country",
            "region_code",
            "region_name",
            "valid_from",
            "valid_to",
        ),
        "authority_neighbour": ("authority_code", "neighbour_code"),
        "region_member": (
            "authority_code",
            "sub_region_name",
            "region_code",
            "region_name",
            "return_deadline_days",
            "high_cost_weekly",
            "missing_may_differ",
            "placements_for_a_mean",
            "owner_groups_for_a_mean",
            "largest_share_of_spend",
            "others_for_a_comparison",
            "smallest_count_shown",
            "round_to",
            "transfer_scheme_rate",
        ),
        "provision_type": ("label", "has_premises", "is_commissioned"),
        "ofsted_provision_type": ("label", "provision_type"),
        "type_of_provision": (
            "label",
            "provision_type",
            "arrangement",
            "mark",
            "in_house_by_register",
        ),
        "place_903": ("label", "meaning", "placement_type", "provision_type", "kinship"),
        "legal_status_903": ("label", "meaning", "legal_status_group"),
        "ethnic_903": ("label", "meaning", "ethnic_group"),
        "reason_episode_ceased_903": ("label", "meaning", "reason_group"),
        "category_of_need_903": ("label", "meaning"),
        "reason_place_change_903": ("label", "meaning"),
        "in_touch_903": ("label", "meaning"),
        "activity_903": ("label", "meaning", "activity_group"),
        "accommodation_903": ("label", "meaning", "suitability"),
        "cans_item": ("item", "item_title", "item_kind", "item_of"),
        "population_0_17": ("authority_code", "mid_year", "people"),
        "statistical_neighbours": ("authority_code", "closeness", "neighbour_code", "how_close"),
        "outward_code": (
            "outward_code",
            "authority_code",
            "authority_share",
            "authorities",
            "easting",
            "northing",
        ),
        "district": ("district_code", "district_name", "authority_code"),
        "official_measure": (
            "measure",
            "breakdown",
            "category",
            "unit",
            "data_set",
            "published_measure",
            "figure_kind",
            "definition",
            "definition_note",
        ),
        "series_breaks": ("break_reason", "broken_on", "series_by", "series", "why"),
        "owner_decision": (
            "owner_name",
            "owner_group",
            "decision",
            "decided_by",
            "decided_on",
            "note",
        ),
        "owner_name": ("provider_name", "owner_name", "is_damaged"),
        "owner_proposal": ("owner_name", "near_name", "similarity"),
    }
    tables: dict[str, dict[str, str]] = {
        name: dict.fromkeys(columns, "text") for name, columns in reference.items()
    }
    tables["submission"] = {
        "submission_id": "text", "census_date": "date", "sender": "text", "sender_kind": "text", "file_name": "text",
        "content_hash": "text", "size_bytes": "bigint", "received_at": "timestamp with time zone", "contract_version": "text",
    }  # fmt: skip
    tables["arrival"] = {
        "submission_id": "text", "census_date": "date", "sender": "text", "content_mark": "text", "repeat_number": "integer",
        "place_mark": "text", "first_seen_at": "timestamp with time zone",
    }  # fmt: skip
    tables["setting_decision"] = {
        "urn": "text", "host_authority_code": "text", "census_date": "date", "sender": "text", "decided_by": "text",
        "decided_at": "timestamp with time zone",
    }  # fmt: skip
    tables["landed"] = {
        "census_date": "date", "place_mark": "text", "content_mark": "text", "file_time": "double precision", "is_there": "boolean",
    }  # fmt: skip
    tables["put_off"] = {
        "census_date": "date", "sender": "text", "files": "integer", "told": "text", "put_off_at": "timestamp with time zone",
    }  # fmt: skip
    tables["submission_table"] = {
        "submission_id": "text", "table_name": "text", "version": "integer", "status": "text",
        "rows_received": "integer", "rows_loaded": "integer", "rows_rejected": "integer", "rows_set_aside": "integer",
    }  # fmt: skip
    tables["withdrawal"] = {
        "submission_id": "text", "withdrawn_at": "timestamp with time zone", "withdrawn_by": "text", "reason": "text",
    }  # fmt: skip
    tables["answer"] = {"submission_id": "text", "rests_on": "text"}
    tables["finding"] = {
        "submission_id": "text", "table_name": "text", "sheet": "text", "row_number": "integer", "column_name": "text",
        "value": "text", "rule": "text", "severity": "text", "message": "text",
        "expected": "text", "hint": "text", "is_quoted": "boolean",
    }  # fmt: skip
    for table in return_tables().values():
        # nothing of such a return is taken in: it has no table
        if table.leave_alone:
            continue
        tables[table.name] = {
            "submission_id": "text", "census_date": "date", "sender": "text", "sheet": "text", "row_number": "integer",
            "fate": "text", "as_received": "jsonb",
            **dict.fromkeys(table.warehouse_columns, "text"),
        }  # fmt: skip
    return tables


def _files(folder: str) -> list[Path]:
    """The SQL files of a folder.

    Raises:
        ModelError: there is no such folder, or nothing in it: a warehouse without its models would
            look like one that is up to date.
    """
    paths = sorted((FOLDER / folder).glob("*.sql"))
    if not paths:
        raise ModelError(
            f"{FOLDER / folder} holds no SQL; the models of `{folder}` were expected. Install the"
            " observatory whole."
        )
    return paths


def _selects(schema: str) -> dict[str, str]:
    """The text of every model of a schema by name: its files and, in staging, the views of returns
    that have no file.
    """
    written = {path.stem: path.read_text(encoding="utf-8") for path in _files(schema)}
    layouts = return_tables() if schema == "staging" else {}
    generated = {
        name: staging_select(table)
        for name, table in layouts.items()
        if name not in written and not table.leave_alone
    }
    return written | generated


@cache
def models() -> dict[Relation, Model]:
    """All models, each after what it reads.

    Raises:
        ModelError: a model breaks a rule.
    """
    known = Known("models")
    read = (
        _read_model(schema, name, text, known)
        for schema in LAYERS
        for name, text in _selects(schema).items()
    )
    by_relation = {model.relation: model for model in read}
    known.keep()
    raw = {("raw", name) for name in raw_columns()}
    for model in by_relation.values():
        # a table is filled before these are: what it read would be from the run before
        for relation in sorted(model.upstream & PYTHON_TABLES.keys()) if not model.is_view else ():
            raise ModelError(
                f"{model.table} reads {'.'.join(relation)}, which is filled after the models. Only"
                " a view may: add `-- kind: view`."
            )
        for relation in sorted(model.upstream - raw - by_relation.keys() - PYTHON_TABLES.keys()):
            raise ModelError(
                f"{model.table} reads {'.'.join(relation)}, which is no table of the warehouse."
                " Check the name."
            )
    try:
        # sorted on both sides, so that models of equal rank always come in the same order
        order = list(
            graphlib.TopologicalSorter(
                {r: sorted(m.upstream & by_relation.keys()) for r, m in sorted(by_relation.items())}
            ).static_order()
        )
    except graphlib.CycleError as error:
        circle = " -> ".join(".".join(relation) for relation in error.args[1])
        raise ModelError(f"Models read each other in a circle: {circle}. Break it.") from None
    return {relation: by_relation[relation] for relation in order}


def _read_model(schema: str, name: str, text: str, known: Known) -> Model:
    description, head = _head(text)
    if not description or "grain" not in head:
        raise ModelError(
            f"{schema}/{name}.sql lacks a description or a `-- grain:` line at its head. Both were"
            " expected."
        )
    facts = known.facts(f"{name}.sql", text)
    wrong = sorted(".".join(r) for r in facts.upstream if r[0] not in _MAY_READ[schema])
    if wrong:
        raise ModelError(
            f"{schema}/{name}.sql reads {', '.join(wrong)}; a {schema} model reads only"
            f" {sorted(_MAY_READ[schema])}."
        )
    if facts.has_star:
        raise ModelError(f"{schema}/{name}.sql ends in `select *`. Name the columns.")
    grain = tuple(name.strip() for name in head["grain"].split(","))
    if not set(grain) <= set(facts.columns):
        raise ModelError(
            f"{schema}/{name}.sql: its grain names {sorted(set(grain) - set(facts.columns))},"
            " which it does not select."
        )
    readers = head.get("readers", "party")
    if readers not in {"party", "members"}:
        raise ModelError(
            f"{schema}/{name}.sql says `readers: {readers}`; party or members was expected."
        )
    is_view = head.get("kind") == "view"
    return Model(
        schema,
        name,
        text,
        description,
        grain,
        is_view,
        facts.upstream,
        facts.version,
        facts.columns,
        readers,
    )


@cache
def understandings() -> dict[Relation, Understanding]:
    """Column types and lineage of every model. Where nothing is remembered it takes seconds: only
    who shows them asks for them.

    Raises:
        ModelError: a model names a column that its tables do not have.
    """
    types: dict[Relation, Types] = {
        ("raw", name): columns for name, columns in raw_columns().items()
    }
    types |= {relation: table.types for relation, table in PYTHON_TABLES.items()}
    known, understood = Known("understandings"), {}
    for relation, model in models().items():
        # models come after what they read, so these types are known by now
        read = {upstream: types[upstream] for upstream in model.upstream}
        understood[relation] = known.understanding(model.table, model.sql, read)
        types[relation] = understood[relation].types
    known.keep()
    return understood


@cache
def warehouse_tests() -> tuple[WarehouseTest, ...]:
    """All SQL tests.

    Raises:
        ModelError: a test lacks its head, or reads a table that is none.
    """
    tests = []
    known = Known("warehouse_tests")
    for path in _files("tests"):
        text = path.read_text(encoding="utf-8")
        meaning, head = _head(text)
        if not meaning or "checks" not in head or head.get("severity") not in {"blocks", "warns"}:
            raise ModelError(
                f"tests/{path.name} lacks a meaning, a `-- checks: schema.table` or a `-- severity:"
                " blocks | warns` line."
            )
        upstream = known.facts(path.name, text).upstream
        tests.append(
            WarehouseTest(
                path.stem, head["checks"], head["severity"] == "blocks", meaning, text, upstream
            )
        )
        if tuple(head["checks"].split(".")) not in models():
            raise ModelError(f"tests/{path.name} checks {head['checks']}, which is no model.")
    known.keep()
    return tuple(tests)


@cache
def code_version() -> str:
    """A short hash of all models: figures made by another one are made anew."""
    return short_digest(*(f"{m.table}{m.code_version}" for m in models().values()))
