"""`observatory synth`: a made-up region in the real layouts, with the truth beside it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from pipelines.command.options import CensusDate
from resources.errors import ObservatoryError
from resources.showing import one_line


@click.command("synth")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder to write to; it can then be used as a landing place.",
)
@click.option(
    "--region", default="north_west", show_default=True, help="A region there is a file for."
)
@click.option(
    "--quarters",
    type=click.IntRange(1, 40),
    default=8,
    show_default=True,
    help="How many quarters.",
)
@click.option(
    "--last",
    type=CensusDate(),
    default="2025-12-31",
    show_default=True,
    help="The last quarter's end.",
)
@click.option(
    "--seed",
    default=1,
    show_default=True,
    help="Another seed makes another region; the same one the same files.",
)
@click.option(
    "--scale",
    type=click.FloatRange(0.01, 10),
    default=1.0,
    show_default=True,
    help="1 is about the size of the real region.",
)
@click.option(
    "--response",
    type=click.FloatRange(0, 1),
    default=0.9,
    show_default=True,
    help="Share of providers that answer.",
)
@click.option(
    "--truth/--no-truth",
    default=True,
    help="Work out what the figures must be, too: half of the time.",
)
def command(
    out: Path,
    region: str,
    quarters: int,
    last: dt.date,
    seed: int,
    scale: float,
    response: float,
    *,
    truth: bool,
) -> None:
    """Make a made-up region: returns in the real layouts, and in OUT/truth what the figures must
    be.

    No child, home or provider in it exists. What an earlier synth made in OUT is taken away first
    (it keeps a list, OUT/.made-up); every other file stays, and is named. A folder that holds
    something and has no such list is refused.
    """
    from schemas.regions import region_keys

    if region not in region_keys():
        raise ObservatoryError(
            f"The region '{region}' is not known. Expected was one of {', '.join(region_keys())}."
        )
    from made_up import make_region
    from made_up.writing import in_short

    made = make_region(
        out,
        region=region,
        quarters=quarters,
        last=last,
        seed=seed,
        scale=scale,
        response=response,
        progress=lambda text: print(f"  {text}", flush=True),
        truth=truth,
    )
    if made.others:
        print(
            "Left as they are, because they were not made up:"
            f" {one_line(in_short(list(made.others)))}"
        )
    print(f"Made up in {out}: {made}")
