"""`observatory grant`: logins for the warehouse."""

from __future__ import annotations

import sys

import click
from sqlalchemy.engine import make_url

from pipelines.opening import opened
from resources.errors import ObservatoryError
from resources.warehouse import Warehouse
from schemas.regions import Region


@click.command("grant")
@click.argument("login", metavar="ROLE", required=False)
@click.option(
    "--authority",
    metavar="CODE",
    help=(
        "For an authority: its own children, the rows it is a party to, all vacancies, all"
        " releases."
    ),
)
@click.option(
    "--sub-region",
    metavar="NAME",
    help=(
        "For the group of a sub-region, where the region's file lets it have one: the figures of"
        " its members, no rows about children."
    ),
)
@click.option(
    "--regional", is_flag=True, help="For the regional group: all figures, no rows about children."
)
@click.option(
    "--engineer", is_flag=True, help="For a data engineer: everything but rows about children."
)
@click.option("--public", is_flag=True, help="For anybody: releases alone.")
@click.option("--rotate", is_flag=True, help="Give ROLE another password; its open sessions end.")
@click.option("--revoke", is_flag=True, help="Take ROLE away.")
@click.option("--list", "listing", is_flag=True, help="List all logins.")
def command(login: str | None, listing: bool, **options: str | bool | None) -> None:
    """Create a login for the warehouse, with a password that is shown once.

    \b
    observatory grant stockport_analyst --authority 356
    observatory grant region --regional
    observatory grant north_west --sub-region "North West"
    observatory grant stockport_analyst --rotate
    observatory grant stockport_analyst --revoke
    observatory grant --list
    """  # noqa: D301 - click takes the control character for "keep these lines"
    chosen = [name for name, given in {**options, "list": listing}.items() if given]
    if len(chosen) != 1:
        raise click.UsageError(
            "Give one of --authority CODE, --sub-region NAME, --regional, --engineer, --public,"
            " --rotate, --revoke or --list."
        )
    if (login is None) != listing:
        raise click.UsageError(
            "--list takes no ROLE."
            if listing
            else "Name the ROLE: `observatory grant ROLE --authority CODE`."
        )
    from assets.access import logins
    from assets.access.policies import SUB_REGIONAL

    with opened(may_be_new=True) as (settings, warehouse):
        if listing:
            _list(warehouse)
        elif options["revoke"]:
            remark = logins.revoke(warehouse, str(login))
            print(
                f"Revoked: {login} reads nothing here any more."
                f" {remark or 'It can come in no more, and its sessions have ended.'}"
            )
        elif options["rotate"]:
            _show(
                warehouse,
                str(login),
                logins.rotate(
                    warehouse,
                    str(login),
                    say=lambda text: print(text, file=sys.stderr, flush=True),
                ),
            )
        else:
            kind, whose = chosen[0], None
            if options["authority"]:
                whose = authority_code(str(options["authority"]))
            elif options["sub_region"]:
                kind, whose = SUB_REGIONAL, str(options["sub_region"])
                _refuse_where_there_are_no_groups(settings.region)
            _show(warehouse, str(login), logins.grant(warehouse, str(login), kind, whose))


def _refuse_where_there_are_no_groups(region: Region) -> None:
    if not region.sub_regional_groups:
        raise ObservatoryError(
            f"Sub-regions of {region.name} have no groups of their own, so that such a login would"
            " read nothing. Say so first in the region's file (sub_regional_groups = true), if its"
            " members have agreed to it."
        )


def authority_code(authority: str) -> str:
    """The DfE code of an authority, named by DfE code, GSS code or name."""
    import datetime as dt

    from schemas import authorities

    today = dt.datetime.now(tz=dt.UTC).date()
    code = authorities.find(authority, today)
    if code is None:
        near = authorities.nearest(authority, today)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise ObservatoryError(
            f"'{authority}' is no local authority. Its DfE code, GSS code or name was expected,"
            f" such as 356.{hint}"
        )
    return code


def _show(warehouse: Warehouse, login: str, password: str) -> None:
    url = make_url(warehouse.url)
    host = url.query.get("host") or url.host
    embedded = str(host).startswith("/")
    print(f"Login:     {login}")
    print(f"Password:  {password}")
    print(f"Server:    {host}{'' if embedded else f', port {url.port or 5432}'}")
    print(f"Database:  {url.database}")
    print("The password is shown this once. Hand it over by another way than the login's name.")
    _warn_of_what_is_open(warehouse, login)
    if embedded:
        print(
            "This server listens to this machine's own user alone. For readers elsewhere set"
            " OBSERVATORY_DATABASE_URL to a server of your own."
        )


def _warn_of_what_is_open(warehouse: Warehouse, login: str) -> None:
    from assets.access import logins

    if others := logins.other_databases(warehouse, login):
        shown = ", ".join(others[:10]) + (" …" if len(others) > 10 else "")
        print(
            f"Warning: this login can enter other databases of the server ({shown}), which are not"
            " the observatory's to close. Have the administrator"
        )
        print(
            "  revoke connect on them from public, or let the login into this one alone in"
            " pg_hba.conf (docs/querying.md)."
        )
    if logins.lacks_limits(warehouse, login):
        print(
            "Warning: this login may fill the server's disk with temporary files. Have the"
            " administrator set temp_file_limit (docs/querying.md)."
        )


def _list(warehouse: Warehouse) -> None:
    from assets.access import logins
    from pipelines.command.printing import print_table

    names = [
        "login",
        "kind",
        "authority_code",
        "authority_name",
        "sub_region_name",
        "granted_by",
        "granted_at",
        "changed_at",
        "may_log_in",
    ]
    print_table(names, [list(row) for row in logins.listed(warehouse)])
