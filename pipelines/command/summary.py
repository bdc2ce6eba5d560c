"""What a run says at its end, in plain words: returns, headline figures, where each quarter stands,
releases, where to look next.
"""

from __future__ import annotations

import datetime as dt

from assets.intake.provenance import banner
from assets.intake.turns import waiting
from assets.publication.lifecycle import has_own_returns
from pipelines.command.printing import print_table
from pipelines.command.quarters import print_states
from resources.settings import Settings
from resources.showing import one_line
from resources.warehouse import Warehouse
from schemas.rounding import percent


def print_summary(warehouse: Warehouse, settings: Settings, dates: list[dt.date]) -> None:
    """Print what was built for these quarters, and the headline of the newest."""
    if said := banner(warehouse):
        print(f"\n{said}")
    _returns(warehouse, dates)
    _headline(warehouse, settings, dates[-1])
    _releases(warehouse, settings, dates)
    for date in (date for date in dates if not has_own_returns(warehouse, date)):
        print(f"{date}: nothing that has landed for it counts: no release.")
    print_states(warehouse, settings, dates)
    print(
        "\nWhere to look next:\n  observatory status                 who has returned, who has"
        " not, with what quality\n  observatory serve                  the Dagster UI (every"
        " table, its lineage, checks and history) and the observatory page\n  observatory query"
        ' "select host_authority_name, occupied, vacant, unavailable from'
        f" curated.host_authority_occupancy where census_date = '{dates[-1]}' and provision_type ="
        " 'Children''s home'\""
    )


def _returns(warehouse: Warehouse, dates: list[dt.date]) -> None:
    rows = warehouse.rows(
        """
        select s.census_date, count(distinct s.sender) as senders, count(distinct s.submission_id) as files,
            count(distinct s.submission_id) filter (where t.status = 'rejected') as rejected_files,
            coalesce(sum(t.rows_received), 0) as received, coalesce(sum(t.rows_loaded), 0) as loaded,
            coalesce(sum(t.rows_rejected), 0) as rejected, coalesce(sum(t.rows_set_aside), 0) as set_aside
        from raw.submission as s inner join raw.submission_table as t on s.submission_id = t.submission_id
        where s.census_date = any(:dates)
        group by s.census_date order by s.census_date
        """,
        dates=dates,
    )
    print("\nReturns (rows received = loaded + rejected + set aside):")
    print_table(
        [
            "census date",
            "senders",
            "files",
            "rejected files",
            "rows received",
            "loaded",
            "rejected",
            "set aside",
        ],
        [[r.census_date, *map(int, r[1:])] for r in rows],
    )
    rejected = warehouse.rows(
        "select s.sender, s.file_name, f.message from raw.submission as s inner join raw.finding as"
        " f on s.submission_id = f.submission_id where s.census_date = any(:dates) and f.severity ="
        " 'rejects the file' order by s.census_date, s.sender, s.file_name limit 20",
        dates=dates,
    )
    for row in rejected:
        print(one_line(f"  Rejected: {row.file_name} from {row.sender}. {row.message}"))
    print_put_off(warehouse, dates)


def print_put_off(warehouse: Warehouse, dates: list[dt.date]) -> None:
    """Print whose files wait for the next run."""
    rows = warehouse.rows(
        "select census_date, sender, files, told from raw.put_off where census_date = any(:dates)"
        " order by 1, 2",
        dates=dates,
    )
    for row in rows:
        print(
            one_line(
                f"  Not read yet: of {row.census_date}, {row.sender} has had its turn, and"
                f" {waiting(row.files, row.told)}"
            )
        )
    if rows:
        print(
            "  `observatory run` goes on with them; while `observatory serve` runs, it does so by"
            " itself."
        )


def _headline(warehouse: Warehouse, settings: Settings, date: dt.date) -> None:
    row = warehouse.rows(
        """
        select sum(o.settings_registered) as settings, sum(o.places_registered) as places, sum(o.settings_returned) as returned,
            sum(o.settings_covered) as of_the_register,
            sum(o.places_returned) as places_returned, sum(o.occupied) as occupied, sum(o.vacant) as vacant, sum(o.unavailable) as unavailable,
            sum(o.coverage_places * o.places_registered) as covered
        from curated.host_authority_occupancy as o
        inner join core.authority as a on o.census_date = a.census_date and o.host_authority_code = a.authority_code
        where o.census_date = :d and a.is_member and o.provision_type = 'Children''s home'
        """,
        d=date,
    )[0]
    print(f"\n{settings.region.name}, {date:%d %B %Y}: children's homes")
    if not row.settings and not row.returned:
        print("  No register and no returns are held for this quarter.")
        return
    if row.settings:
        places = row.places or "an unknown number of"
        print(
            f"  {row.settings} homes with {places} places are in the region's"
            f" {_members(warehouse, date)} authorities."
        )
    if not row.returned:
        print("  No provider has returned: how many places are occupied is not known.")
        return
    if row.settings:
        print(f"  {_answered(row.of_the_register, row.returned, percent(row.covered, row.places))}")
    else:
        print(
            "  No register is held for this quarter;"
            f" {row.returned} {'home' if row.returned == 1 else 'homes'} returned."
        )
    shares = [
        percent(part, row.places_returned) for part in (row.occupied, row.vacant, row.unavailable)
    ]
    print(
        f"  Of their {row.places_returned} places {row.occupied} are occupied ({shares[0]}),"
        f" {row.vacant} could take a child now ({shares[1]}) and {row.unavailable} are empty but"
        f" cannot be offered ({shares[2]})."
    )
    origin = warehouse.rows(
        """
        select sum(o.children) as children, sum(o.children) filter (where o.origin_band = 'host') as host,
            sum(o.children) filter (where o.origin_band = 'elsewhere') as elsewhere
        from curated.host_authority_origin as o
        inner join core.authority as a on o.census_date = a.census_date and o.host_authority_code = a.authority_code
        where o.census_date = :d and a.is_member and o.provision_type = 'Children''s home'
        """,
        d=date,
    )[0]
    if origin.children:
        print(
            f"  Of the children living there {percent(origin.host, origin.children)} were placed by"
            f" the home's own authority, {percent(origin.elsewhere, origin.children)} come from"
            " beyond the region and its neighbours."
        )


def _answered(of_the_register: int, returned: int, share: str) -> str:
    """How many homes returned: those in the register of their area, as the page counts them, and
    how many more that are not.
    """
    others = returned - of_the_register
    more = (
        f", and {others} more that {'is' if others == 1 else 'are'} not in the register of"
        f" {'its' if others == 1 else 'their'} area"
    )
    return (
        f"{of_the_register} of them returned, {share} of the registered"
        f" places{more if others else ''}."
    )


def _members(warehouse: Warehouse, date: dt.date) -> int:
    return int(
        warehouse.scalar(
            "select count(*) from core.authority where census_date = :d and is_member", d=date
        )
        or 0
    )


def _releases(warehouse: Warehouse, settings: Settings, dates: list[dt.date]) -> None:
    rows = warehouse.rows(
        "select census_date, max(release_number) as number from published.release where census_date"
        " = any(:dates) group by census_date order by 1",
        dates=dates,
    )
    if rows:
        print(
            f"\nReleases, small numbers hidden and the rest rounded to 5, in {settings.releases}:"
        )
        print("  " + ", ".join(f"{r.census_date}/r{r.number}" for r in rows))
        newest = rows[-1]
        print(
            "The observatory page:"
            f" {settings.releases / str(newest.census_date) / f'r{newest.number}' / 'page' / 'index.html'}"
        )
