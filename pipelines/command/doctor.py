"""`observatory doctor`: what is wrong with this installation, and how to mend it."""

from __future__ import annotations

import sys

import click

from resources.showing import one_line


@click.command("doctor")
def command() -> None:
    """Show what is wrong with this installation and how to mend it: libraries, PostgreSQL,
    settings, home, disk, key, landing, ports, clock.

    Nothing is changed. Ends with 0 where nothing is wrong (what is to be looked at included), with
    1 where something is.
    """
    from pipelines.doctoring import WELL, WRONG, examine

    states = []
    for finding in examine():
        states.append(finding.state)
        print(f"{finding.state:<6} {finding.what}: {one_line(finding.found)}", flush=True)
        if finding.state != WELL:
            print(f"       {one_line(finding.mend)}", flush=True)
    wrong, looked = states.count(WRONG), len(states) - states.count(WELL)
    print(f"\n{'All is well.' if not looked else f'{wrong} wrong, {looked - wrong} to look at.'}")
    if wrong:
        sys.exit(1)
