"""The `observatory` command.

Belongs here: what a person types, help texts, how failures are told. Each subcommand is a module of
its own, imported when it is used. Exit codes: 0 done; 1 the answer is no (a return would be
rejected, a draft is refused, a step failed); 2 something to mend first.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import sys

import click

from pipelines.waiting import Watched, told_while_waiting
from resources import configuration
from resources.errors import ObservatoryError
from resources.mishaps import told
from resources.private import keep_private
from resources.showing import Shown
from resources.version import VERSION

_SUBCOMMANDS = {
    "synth": (
        "pipelines.command.synth",
        "Make up a region: returns in the real layouts, and the figures that must come out.",
    ),
    "fetch-statistics": (
        "pipelines.command.fetch",
        "Fetch DfE's open data into the landing place.",
    ),
    "check": ("pipelines.command.check", "Show what would happen to a return, before it is sent."),
    "run": (
        "pipelines.command.run",
        "Bring the warehouse, the answers and the drafts that are due up to date.",
    ),
    "close": ("pipelines.command.close", "Close a quarter: later returns wait for the correction."),
    "draft": (
        "pipelines.command.draft",
        "Make a quarter's draft: its next release, not yet published.",
    ),
    "approve": ("pipelines.command.approve", "Approve a draft, by name: this publishes it."),
    "hold": (
        "pipelines.command.hold",
        "Stop a quarter from being closed, drafted or approved, or let it go on.",
    ),
    "reopen": (
        "pipelines.command.reopen",
        "Reopen a quarter that is closed or a draft, for more returns.",
    ),
    "release": ("pipelines.command.release", "Show what would be released."),
    "export": (
        "pipelines.command.export",
        "Write a release with the terms of the national Placements Standard.",
    ),
    "status": (
        "pipelines.command.status",
        "Show who has returned, who has not, and with what quality.",
    ),
    "chase": ("pipelines.command.chase", "List whom to remind of which return."),
    "report": ("pipelines.command.report", "Write the readers' quality report of a quarter."),
    "withdraw": (
        "pipelines.command.withdraw",
        "Withdraw a submission: it stays on record but no longer counts.",
    ),
    "senders": (
        "pipelines.command.senders",
        "List settings that two senders return, or decide whose a setting is.",
    ),
    "query": ("pipelines.command.query", "Ask the warehouse a question in SQL."),
    "grant": (
        "pipelines.command.grant",
        "Create, change, revoke and list logins for the warehouse.",
    ),
    "audit": (
        "pipelines.command.audit",
        "Show who read rows about children and who did what, by month.",
    ),
    "erase": ("pipelines.command.erase", "Erase a child from the warehouse, and keep it out."),
    "backup": ("pipelines.command.backup", "Write the whole warehouse to one file."),
    "restore": ("pipelines.command.restore", "Restore a backup into an empty database."),
    "seal": (
        "pipelines.command.seal",
        "Encrypt the returns in the landing place with your own key.",
    ),
    "serve": (
        "pipelines.command.serve",
        "Open the Dagster UI and the observatory page on this machine.",
    ),
    "metrics": (
        "pipelines.command.metrics",
        "Show what the last runs did, and how long they took.",
    ),
    "doctor": (
        "pipelines.command.doctor",
        "Show what is wrong with this installation, and how to mend it.",
    ),
    "template": ("pipelines.command.template", "Write a return's template."),
}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _SUBCOMMANDS:
            return None
        return importlib.import_module(_SUBCOMMANDS[cmd_name][0]).command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in _SUBCOMMANDS.items()])


@click.group(
    cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(VERSION, prog_name="observatory")
def cli() -> None:
    """The regional sufficiency observatory: returns in, checked warehouse, safe published tables
    out.

    Settings come from the environment, and where it says nothing from observatory.toml beside it:
    OBSERVATORY_HOME (where everything is kept; .observatory unless set), OBSERVATORY_LANDING (where
    returns are dropped), OBSERVATORY_DATABASE_URL (a PostgreSQL of your own instead of the embedded
    one), OBSERVATORY_REGION, OBSERVATORY_PSEUDONYM_KEY.
    """
    keep_private()
    if (
        click.get_current_context().invoked_subcommand != "doctor"
    ):  # which says itself what is wrong with it
        configuration.apply()


def main() -> None:
    """Run the command; a failure that the user can mend is told in a sentence, without a traceback."""
    # Dagster, pandas and the parsed SQL are some million objects that stay: Python's look for
    # circles among them after every 700 new ones took a sixth of a run. What is in no circle is
    # freed at once all the same.
    gc.set_threshold(50_000, 20, 20)
    out, err = Watched(Shown(sys.stdout)), Watched(Shown(sys.stderr))
    sys.stdout, sys.stderr = out, err
    try:
        with (
            told_while_waiting(out, err) if sys.argv[1:2] != ["serve"] else contextlib.nullcontext()
        ):
            cli(standalone_mode=False)
    except click.exceptions.Exit as exit_:
        sys.exit(exit_.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        print("Stopped. What was not finished is as it was before.", file=sys.stderr)
        sys.exit(130)
    except ObservatoryError as error:
        print(f"observatory: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        if not (said := told(error)):
            raise
        print(f"observatory: {said}", file=sys.stderr)
        sys.exit(2)
