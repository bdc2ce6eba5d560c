"""`observatory status`: who has returned for a census date, who has not, and with what quality."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import click
import sqlalchemy as sa

from pipelines.command.options import CensusDate
from pipelines.command.printing import print_csv, print_table
from pipelines.opening import opened
from pipelines.quarter_ends import workable
from resources.errors import ObservatoryError
from resources.landing import LandingPlace
from resources.private import open_to_others
from resources.settings import Settings
from resources.showing import one_line
from resources.warehouse import Warehouse
from schemas.regions import today
from schemas.rounding import percent


@click.command("status")
@click.option(
    "--census-date",
    "date",
    type=CensusDate(),
    help="The quarter end; the newest that is held, unless given.",
)
@click.option(
    "--history",
    is_flag=True,
    help=(
        "Every submission of the quarter: who sent what when, what became of it, in which releases"
        " it counted."
    ),
)
@click.option(
    "--missing",
    is_flag=True,
    help=(
        "Every registered setting that has not returned, with its provider and sender, the most"
        " places first."
    ),
)
@click.option(
    "--check",
    is_flag=True,
    help=(
        "End with 1 where returns of the quarter are overdue, or work is due that `observatory run`"
        " would do."
    ),
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv"]),
    default="table",
    show_default=True,
    help="How --missing is printed.",
)
def command(date: dt.date | None, history: bool, missing: bool, check: bool, form: str) -> None:
    """Show who has returned for a quarter, who has not, and with what quality."""
    if history and missing:
        raise click.UsageError("Give --history or --missing, not both.")
    if form != "table" and not missing:
        raise click.UsageError(f"--format {form} goes with --missing.")
    from assets.intake.provenance import banner
    from assets.warehouse.building import known_quarters
    from pipelines.command.quarters import print_life

    with opened() as (settings, warehouse):
        held = []
        if warehouse.scalar("select to_regclass('raw.quarter')") is not None:
            held = [
                r.census_date
                for r in warehouse.rows("select census_date from raw.quarter order by 1")
            ]
        if not held and (received := known_quarters(warehouse)):
            _say_what_is_to_be_written(warehouse, settings, received, missing=missing)
            sys.exit(1 if check else 0)
        if not held:
            raise ObservatoryError(
                "The warehouse holds no quarter yet. Drop returns into the landing place and use"
                " `observatory run`."
            )
        if said := banner(warehouse):
            print(said, file=sys.stderr if form == "csv" else sys.stdout)
        date = date or held[-1]
        if date not in held:
            raise ObservatoryError(
                f"Nothing is held for {date}; held are {', '.join(map(str, held))}. Give one of"
                " them, or run the quarter first."
            )
        if missing and form == "csv":
            print_csv(_MISSING, _missing(warehouse, date))
            return
        print(f"{settings.region.name}, census date {date:%d %B %Y}")
        if check:
            sys.exit(1 if _check(warehouse, settings, date) else 0)
        if missing:
            print_table(_MISSING, _missing(warehouse, date))
            return
        if history:
            _history(warehouse, date)
            return
        print_life(warehouse, settings, date)
        _register(warehouse, date)
        _authorities(warehouse, date)
        _ssda903(warehouse, date)
        _coverage(warehouse, date)
        _quality(warehouse, date)
        _freshness(warehouse)
        _put_off(warehouse, date)
        _warn_of_open_counters(warehouse)
    _warn_of_open_folders(settings)


def _say_what_is_to_be_written(
    warehouse: Warehouse, settings: Settings, received: list[dt.date], *, missing: bool
) -> None:
    """Where the quarters stand, while a new version has made their tables anew, or the first run
    did not end.

    Raises:
        ObservatoryError: what is missing was asked for: no table says it yet.
    """
    from pipelines.command.quarters import print_states

    text = (
        f"{settings.region.name}: the figures of what has been received are to be written."
        " Use `observatory run`."
    )
    if missing:
        raise ObservatoryError(text)
    print(text)
    print_states(warehouse, settings, received)


def _freshness(warehouse: Warehouse) -> None:
    """How fresh each source is: the quarter of its newest returns, and when the last of them came."""
    from assets.checks.chasing import freshness
    from schemas.returns import return_tables

    rows = freshness(warehouse)
    print("\nThe newest of each source:")
    print_table(
        ["source", "census date", "senders", "last received"],
        [
            [
                return_tables()[r.table_name].title,
                r.census_date,
                r.senders,
                f"{r.received_at:%Y-%m-%d}",
            ]
            for r in rows
            if r.table_name in return_tables()
        ],
    )


def _put_off(warehouse: Warehouse, date: dt.date) -> None:
    from pipelines.command.summary import print_put_off

    if warehouse.scalar("select to_regclass('raw.put_off')") is not None:
        print_put_off(warehouse, [date])


def _warn_of_open_counters(warehouse: Warehouse) -> None:
    """Say where every login may see how many rows of all authorities the tables have, and how many
    went.
    """
    from assets.access.rights import COUNTERS, counters_are_open

    with warehouse.reading() as connection:
        is_open = counters_are_open(connection)
        database = connection.exec_driver_sql("select current_database()").scalar()
    if is_open:
        print(
            "\nWarning: every login may read the server's counters of whole tables (rows, sizes,"
            " what was deleted), and use up its locks."
        )
        print(
            "  Only the server's administrator may close them. Have it run, once, and again after a"
            " restore:"
        )
        print(f"  psql --dbname '{database}' --file '{COUNTERS}'")


def _check(warehouse: Warehouse, settings: Settings, date: dt.date) -> bool:
    """Print what is overdue and what is due to be done. Gives whether there is any of it."""
    from assets.publication.drafts import due, refusals
    from assets.publication.lifecycle import COLLECTING, life
    from pipelines.due import quarters_due

    found = []
    place, days = LandingPlace(settings.landing), settings.region.timetable
    landed, left = workable(place.census_dates(), today())
    found += left
    if work := quarters_due(warehouse, place, settings, landed, [], everything=False):
        found.append(f"To bring up to date: {', '.join(map(str, work))}. Use `observatory run`.")
    found += [
        f"{quarter}: {why}. Use `observatory run`."
        for quarter, why in due(warehouse, settings.region, today()).items()
    ]
    found += [
        f"{one.census_date}: the gate has refused the draft; see `observatory status`."
        for one in refusals(warehouse)
    ]
    if days.day(date, "due") < today() and life(warehouse, date).state == COLLECTING:
        senders = [row for row in _census(warehouse, date) if row.status is None]
        settings_out = _missing(warehouse, date)
        if senders or settings_out:
            found.append(
                f"Overdue since {days.day(date, 'due'):%d %B %Y}: {len(senders)} placement"
                f" censuses, {len(settings_out)} settings; `observatory status --census-date"
                f" {date}` names them."
            )
    print("\n".join(found) or "Nothing is overdue, and no work is due.")
    return bool(found)


def _warn_of_open_folders(settings: Settings) -> None:
    """Say which folders that hold returns or what was made of them every user of this machine may
    open.
    """
    for name, address in (
        ("home", str(settings.home)),
        ("landing place", settings.landing),
        ("outbox", settings.outbox),
    ):
        if "://" not in address and (rights := open_to_others(Path(address))):
            print(
                f"\nWarning: the {name} is open to every user of this machine ({rights}); its owner"
                " alone, or a group of its own, was expected."
            )
            print(f"  chmod o-rwx '{address}'")


def _history(warehouse: Warehouse, date: dt.date) -> None:
    rows = warehouse.rows(
        """
        select s.submission_id, s.sender, s.file_name, s.received_at, t.table_name, t.version, t.status, t.rows_received, t.rows_loaded,
            (select string_agg('r' || r.release_number, ', ' order by r.release_number) from published.release_return as r
                where r.census_date = s.census_date and r.sender = s.sender and r.table_name = t.table_name and r.version = t.version
                    and r.return_census_date = s.census_date) as releases,
            w.withdrawn_at, w.withdrawn_by, w.reason
        from raw.submission as s
        inner join raw.submission_table as t on s.submission_id = t.submission_id
        left join raw.withdrawal as w on s.submission_id = w.submission_id
        where s.census_date = :d
        order by s.sender, t.table_name, t.version
        """,
        d=date,
    )
    print_table(
        [
            "submission",
            "sender",
            "file",
            "received",
            "table",
            "version",
            "status",
            "rows",
            "loaded",
            "counted in",
            "withdrawn",
        ],
        [
            [
                *r[:9],
                r.releases or "",
                (
                    f"{r.withdrawn_at:%Y-%m-%d} by {r.withdrawn_by}: {r.reason}"
                    if r.withdrawn_at
                    else ""
                ),
            ]
            for r in rows
        ],
    )


def _register(warehouse: Warehouse, date: dt.date) -> None:
    rows = warehouse.rows(
        "select register_use, register_table, register_as_at, register_carried from"
        " core.register_in_use where census_date = :d order by 1",
        d=date,
    )
    print("\nOfsted's register:" if rows else "\nOfsted's register: no list is held.")
    for row in rows:
        carried = ", carried forward" if row.register_carried else ""
        print(
            f"  {row.register_use}: list of"
            f" {row.register_as_at:%d %B %Y}{carried} ({row.register_table})"
        )


def _census(warehouse: Warehouse, date: dt.date) -> list[sa.Row]:
    """The members, each with how its placement census came in."""
    return warehouse.rows(
        """
        select a.authority_name, q.status, q.version, q.rows_loaded, q.rows_rejected, q.days_late,
            (select coalesce(sum(w.value::integer), 0) from jsonb_each_text(q.warnings) as w) as warnings
        from core.authority as a
        left join curated.return_quality as q
            on a.census_date = q.census_date and a.authority_code = q.sender and q.table_name = 'placement_census'
        where a.census_date = :d and a.is_member order by a.authority_name
        """,
        d=date,
    )


def _authorities(warehouse: Warehouse, date: dt.date) -> None:
    rows = _census(warehouse, date)
    here = [r for r in rows if r.status == "in force"]
    print(f"\nPlacement census: {len(here)} of {len(rows)} authorities have returned.")
    if missing := [r.authority_name for r in rows if r.status is None]:
        print(f"  Not yet: {', '.join(missing)}")
    if refused := [r.authority_name for r in rows if r.status == "rejected"]:
        print(f"  Sent, and rejected: {', '.join(refused)}")
    if here:
        print_table(
            ["authority", "version", "rows loaded", "rows rejected", "warnings", "days late"],
            [
                [
                    r.authority_name,
                    r.version,
                    r.rows_loaded,
                    r.rows_rejected,
                    int(r.warnings),
                    r.days_late,
                ]
                for r in here
            ],
        )


def _ssda903(warehouse: Warehouse, date: dt.date) -> None:
    """Who has sent the SSDA903 of this date, on its own or pooled; it is not sent every quarter."""
    rows = warehouse.rows(
        """
        select a.authority_name, r.authority_code is not null as here
        from core.authority as a
        left join core.ssda903_return as r
            on a.census_date = r.census_date and a.authority_code = r.authority_code and r.return_date = a.census_date
        where a.census_date = :d and a.is_member order by a.authority_name
        """,
        d=date,
    )
    here, missing = sum(r.here for r in rows), [r.authority_name for r in rows if not r.here]
    print(
        f"\nSSDA903: {here} of {len(rows)} authorities have returned."
        if here
        else "\nSSDA903: no return of this date is held."
    )
    if here and missing:
        print(f"  Not yet: {', '.join(missing)}")


_MISSING = ["sender", "provider", "setting", "urn", "host authority", "provision type", "places"]


def _missing(warehouse: Warehouse, date: dt.date) -> list[list]:
    """The settings registered in the region that have not returned, the most places first, as the
    coverage counts them.

    The sender is the one that returned the setting last, in any quarter, or the only one that
    returned others of the same provider.
    """
    rows = warehouse.rows(
        """
        with senders as (
            select distinct on (r.urn) r.urn, r.sender from core.setting_return as r order by r.urn, r.census_date desc, r.received_at desc
        ),
        of_providers as (
            select g.provider_name, min(s.sender) as sender
            from core.setting as g inner join senders as s on g.urn = s.urn
            where g.census_date = :d and g.provider_name <> 'REDACTED'
            group by g.provider_name having count(distinct s.sender) = 1
        )
        select coalesce(s.sender, p.sender) as sender, g.provider_name, nullif(g.setting_name, 'REDACTED'), g.urn, a.authority_name,
            g.provision_type, g.places
        from core.setting as g
        inner join core.authority as a on g.census_date = a.census_date and g.host_authority_code = a.authority_code and a.is_member
        inner join staging.provision_type as k on g.provision_type = k.provision_type
        left join senders as s on g.urn = s.urn
        left join of_providers as p on g.provider_name = p.provider_name
        where g.census_date = :d and not exists (
            select from core.setting_return as r
            where r.census_date = g.census_date and r.urn = g.urn and case
                when g.provision_type = 'Independent fostering' then r.provision_type = 'Independent fostering'
                else r.host_authority_code = g.host_authority_code
            end
        )
        order by g.places desc nulls last, g.provider_name, g.urn, a.authority_name
        """,
        d=date,
    )
    return [list(row) for row in rows]


def _coverage(warehouse: Warehouse, date: dt.date) -> None:
    rows = warehouse.rows(
        """
        select o.provision_type, sum(o.settings_registered) as settings, sum(o.coverage_settings * o.settings_registered) as covered,
            sum(o.places_registered) as places, sum(o.coverage_places * o.places_registered) as places_covered
        from curated.host_authority_occupancy as o
        inner join core.authority as a on o.census_date = a.census_date and o.host_authority_code = a.authority_code
        where o.census_date = :d and a.is_member group by o.provision_type order by o.provision_type
        """,
        d=date,
    )
    senders = warehouse.scalar(
        "select count(distinct sender) from curated.return_quality "
        "where census_date = :d and table_name = 'provider_settings' and status = 'in force'",
        d=date,
    )
    print(
        f"\nProvider census: {senders} senders have returned. Of the settings registered in the"
        " region:"
    )

    print_table(
        ["provision type", "registered", "returned", "places registered", "places covered"],
        [
            [
                r.provision_type,
                int(r.settings),
                percent(r.covered, r.settings, ""),
                r.places,
                percent(r.places_covered, r.places, ""),
            ]
            for r in rows
        ],
    )
    if missing := _missing(warehouse, date):
        places = sum(row[-1] or 0 for row in missing)
        print(
            f"Not yet: {len(missing):,} settings with {places:,} places; `observatory status"
            f" --census-date {date} --missing` lists them."
        )


def _quality(warehouse: Warehouse, date: dt.date) -> None:
    refused = warehouse.rows(
        "select s.sender, s.file_name, f.message from raw.submission as s inner join raw.finding as"
        " f on s.submission_id = f.submission_id where s.census_date = :d and f.severity = 'rejects"
        " the file' order by 1, 2",
        d=date,
    )
    if refused:
        print("\nRejected files:")
        for row in refused:
            print(one_line(f"  {row.sender}, {row.file_name}: {row.message}"))
    rules = warehouse.rows(
        """
        select f.table_name, f.rule, f.severity, count(*) as findings, count(distinct s.sender) as senders
        from raw.finding as f inner join raw.submission as s on s.submission_id = f.submission_id
        where s.census_date = :d and f.severity in ('rejects the row', 'warns')
        group by 1, 2, 3 order by 3, 4 desc
        """,
        d=date,
    )
    if rules:
        print("\nFindings in the rows:")
        print_table(
            ["table", "rule", "what it does", "findings", "senders"], [list(r) for r in rules]
        )
