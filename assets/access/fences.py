"""Readers' views: `core.child`, for readers, is a view that gives each of them their own rows and
reveals nothing of the table behind it.

Belongs here: the views under the readers' names, and the functions by which they reach the rows.
Does not belong here: which reader reads what (`policies`), grants on anything else (`rights`).

Rows are in schemas that no reader may use (`core_rows`). A row's condition in the reader's own
query is not enough to keep others' rows from it: PostgreSQL may ask the reader's condition first,
and the plan, its counters and its time then show whether another's row matches. So the rows are
chosen inside a function that runs with its owner's rights, quarter by quarter, before the reader's
query sees any of them. PostgreSQL plans nothing of the reader's into it, and shows nothing of it.

The quarters come from a calendar of those that are held: a condition on `census_date` is asked of
the calendar, so that only the quarters that are wanted are read. Which quarters are held is no
secret. Building a quarter puts it on the calendar (`warehouse/building`). A relation of which all
its readers read all rows is a plain view: there is nothing to protect.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from assets.access.policies import (
    AUTHORITY,
    EVERY_ROW,
    OF_AN_AREA,
    ONE_FEE,
    OPERATOR,
    QUARTER,
    RANK,
    RATIO,
    RESTS_ON,
    SEARCHES,
    SMALL,
    STEP,
    SUB_REGIONAL,
    Policy,
    of_others,
)
from resources.warehouse import CLOSED_SCHEMAS, physical
from schemas.fields import all_fields

SCHEMA = "fence"

FENCE_DDL = f"""
drop schema if exists {SCHEMA} cascade;
create schema {SCHEMA};
comment on schema {SCHEMA} is 'Functions that choose a reader''s rows. No reader may name one.';
"""
"""The functions' schema, made anew each time with all that hangs on it."""

SETTINGS = {
    "search_path": "pg_catalog, pg_temp",
    "enable_seqscan": "off",
    "enable_indexscan": "on",
    "enable_indexonlyscan": "on",
    "enable_bitmapscan": "on",
    "debug_print_parse": "off",
    "debug_print_rewritten": "off",
    "debug_print_plan": "off",
}
"""What holds inside a fence whatever its reader has set. Told to use no index, the server would go
through the whole table, and `explain` tells how many pages that took; a plan that is printed tells
for how large the table is taken.
"""


def keep_calendar(connection: Connection) -> None:
    """Make the calendar the quarters of which any fenced table holds rows, and no other."""
    tables = [
        physical(f'{schema}."{name}"')
        for (schema, name), columns in columns_of_fenced(connection).items()
        if "census_date" in columns
    ]
    connection.exec_driver_sql("delete from access.quarter_end")
    if tables:
        held = " union ".join(f"select t.census_date from {table} as t" for table in tables)
        connection.exec_driver_sql(f"insert into access.quarter_end (census_date) {held}")
    # so few rows are never counted by themselves, and a plan for thousands of quarters is a bad one
    connection.exec_driver_sql("analyze access.quarter_end")


def made(policy: Policy, columns: list[str]) -> list[str]:
    """The statements that make the view of a relation with these columns, and the function it goes
    through.
    """
    if _is_whole(policy):
        return [_plain_view(policy, columns)]
    return [_function(policy, columns), _view(policy, columns)]


def granted(policy: Policy, columns: list[str], groups: dict[str, str]) -> list[str]:
    """The grants on them: to the groups that read the relation. They may use the function through
    the view, and cannot name it.
    """
    readers = ", ".join(groups[kind] for kind in policy.readers if kind in groups)
    if not readers:
        return []
    on_function = f"grant execute on function {_call(policy, columns)} to {readers}"
    return [
        f"grant select on {policy.table} to {readers}",
        *([] if _is_whole(policy) else [on_function]),
    ]


def _is_whole(policy: Policy) -> bool:
    """Whether everybody who may read the relation reads all of it."""
    return set(policy.readers.values()) <= {EVERY_ROW} and not policy.is_about_children


def columns_of_fenced(connection: Connection) -> dict[tuple[str, str], list[str]]:
    """The columns of every relation in a closed schema, by the schema and name that readers use."""
    by_closed = {closed: schema for schema, closed in CLOSED_SCHEMAS.items()}
    # in the table's own order: the functions give whole rows of it (`setof`)
    relations = connection.execute(
        sa.text(
            "select n.nspname, c.relname, array_agg(a.attname::text order by a.attnum) as columns"
            " from pg_class as c inner join pg_namespace as n on n.oid = c.relnamespace inner join"
            " pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped where"
            " n.nspname = any(:schemas) and c.relkind in ('r', 'v') group by 1, 2"
        ),
        {"schemas": list(by_closed)},
    )
    return {(by_closed[row.nspname], row.relname): row.columns for row in relations}


def _name(policy: Policy) -> str:
    return f'{SCHEMA}."{policy.table}"'


def _call(policy: Policy, columns: list[str]) -> str:
    """The function's name and the types of what it takes."""
    return f"{_name(policy)}({'date, name' if 'census_date' in columns else 'name'})"


def _plain_view(policy: Policy, columns: list[str]) -> str:
    chosen = ", ".join(f't."{name}"' for name in columns)
    return f"create view {policy.table} as select {chosen} from {physical(policy.table)} as t"


def _view(policy: Policy, columns: list[str]) -> str:
    """The readers' view: the rows that the function gives of each quarter. A reading of children is
    noted once a query, before any row.
    """
    is_quarterly = "census_date" in columns
    # the quarter is the calendar's: a condition on it leaves out whole quarters, and no rows
    chosen = ", ".join(f'{"q" if name == "census_date" else "f"}."{name}"' for name in columns)
    source = (
        f"access.quarter_end as q cross join lateral {_name(policy)}(q.census_date, current_user)"
        " as f"
        if is_quarterly
        else f"{_name(policy)}(current_user) as f"
    )
    # a barrier: no condition of the reader's own sees a row before the reading is noted
    noted = f" where (select access.noted('{policy.table}'))" if policy.is_about_children else ""
    return (
        f"create view {policy.table} with (security_barrier) as select {chosen} from"
        f" {source}{noted}"
    )


def _as_it_is(column: str) -> str:
    return f't."{column}"'


def _fee_shown(column: str) -> str:
    """A column of areas' fees as a reader has it. What is the fee of one placement is, of what is
    not its own, in tens of pounds to everybody. Of an area an authority has all money so, and not
    what it is of: a mean to the penny would tell of how many placements it is.
    """
    its_own = f"t.area_code = own.authority_code or own.kind <> '{AUTHORITY}'"
    as_it_is = _as_it_is(column)
    if column in OF_AN_AREA:
        return f"case when {its_own} then {as_it_is} end"
    if column in ONE_FEE:
        its_own, roughly = "t.area_code = own.authority_code", f"round({as_it_is}, -1)"
    elif column == "annual_equivalent":
        roughly = "round(round(t.mean_weekly_cost, -1) * 365 / 7, 2)"
    elif column in (RATIO, RANK):
        # beside its own mean of today they would tell the region's of today, whether that is shown,
        # and others' means
        roughly = f"round({as_it_is}, 2)" if column == RATIO else as_it_is
        return (
            f"case when own.kind <> '{AUTHORITY}' then {as_it_is} when t.area_code <>"
            f" own.authority_code then {roughly} end"
        )
    elif all_fields()[column].type == "money":
        roughly = f"round({as_it_is}, -1)"
    elif column == "mean_weekly_cost_change_share":
        roughly = f"round({as_it_is}, 2)"
    else:
        return as_it_is
    return f"case when {its_own} then {as_it_is} else {roughly} end"


def _roughly_shown(column: str) -> str:
    """A column of counts of searches as a reader has it: of what is not its own no small count,
    others in steps, and no fee.
    """
    if column in RESTS_ON:
        shown = f'case when t."{RESTS_ON[column]}" > {SMALL} then round(t."{column}") end'
    elif all_fields()[column].type == "integer":
        shown = (
            f'case when t."{column}" > {SMALL} then cast(round(t."{column}" / {STEP}.0) * {STEP} as'
            " integer) end"
        )
    elif all_fields()[column].type == "money":
        shown = "null"
    else:
        return f't."{column}"'
    return f'case when t.authority_code = own.authority_code then t."{column}" else {shown} end'


def _blank(column: str) -> str:
    """A column as a reader has it who is told nothing by it: blank, and of its type."""
    return f'case when false then t."{column}" end'


_OWN = (
    "select l.kind, l.authority_code, l.sub_region_name, array(select m.authority_code from"
    f" {physical('raw.region_member')} as m where l.sub_region_name is not null and"
    " m.sub_region_name = l.sub_region_name) as members into own from access.login as l where"
    " l.login = for_reader"
)
"""Who reads: the login's row, and the members of its sub-region where it is of one."""


def _as_released(policy: Policy) -> str:
    """The rows of the relation that an authority reads as the last approved release had them."""
    kept = physical(policy.approved.kept) if policy.approved else "false"
    return (
        f"(select r.* from {physical('raw.released_told')} as k cross join lateral"
        f" jsonb_populate_record(null::{physical(policy.table)}, k.told) as r where k.relation_name"
        f" = '{policy.table}' and k.census_date = {QUARTER} and {kept}) as t"
    )


def _function(policy: Policy, columns: list[str]) -> str:
    """The function that gives a reader's rows: whose they are is found before any of them is looked
    at.

    The pipeline's own role, and who is a member of it, is no reader: it is given every row.
    """
    is_quarterly = "census_date" in columns
    taken = f"{QUARTER} date, for_reader name" if is_quarterly else "for_reader name"
    of_quarter = (
        f"from {physical(policy.table)} as t where"
        f" {f't.census_date = {QUARTER}' if is_quarterly else 'true'}"
    )
    rows = f"return query select t.* {of_quarter}"
    of_areas = bool(ONE_FEE & set(columns)) and "area_code" in columns
    is_rough = SEARCHES in columns or of_areas
    as_shown = _roughly_shown if SEARCHES in columns else _fee_shown if of_areas else _as_it_is
    shown = ", ".join(map(as_shown, columns))
    to_others = f"return query select {shown} {of_quarter}"
    blank = of_others(columns)
    to_a_group = (
        "return query select"
        f" {', '.join(_blank(n) if n in blank else as_shown(n) for n in columns)} {of_quarter}"
    )
    # readers of the same rows share a branch
    alike: dict[str, list[str]] = {}
    for kind, condition in policy.readers.items():
        given = to_others if is_rough and kind != OPERATOR else rows
        if kind == SUB_REGIONAL and blank:
            given = to_a_group
        answer = f"{given} and ({physical(condition)})"
        if kind == AUTHORITY and policy.approved:
            answer += (
                f" and ({policy.approved.live}); return query select {shown} from"
                f" {_as_released(policy)} where ({physical(condition)}) and not"
                f" ({policy.approved.live})"
            )
        alike.setdefault(answer, []).append(f"'{kind}'")
    branches = [
        f"if own.kind in ({', '.join(kinds)}) then {given};" for given, kinds in alike.items()
    ]
    branches.append(
        f"if own.kind is null and pg_has_role(for_reader, current_user, 'usage') then {rows};"
    )
    settings = " ".join(f"set {name} = {value}" for name, value in SETTINGS.items())
    return (
        f"create function {_name(policy)}({taken}) returns setof {physical(policy.table)} language"
        f" plpgsql stable security definer rows 500 {settings} as $fence$\n#variable_conflict"
        f" use_column\ndeclare own record;\nbegin\n{_OWN};\n"
        + "\nels".join(branches)
        + "\nend if;\nend $fence$"
    )
