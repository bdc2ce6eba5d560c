"""`observatory fetch-statistics`: official statistics from DfE's public API into the landing place."""

from __future__ import annotations

import datetime as dt

import click

from pipelines.command.options import Quarter
from pipelines.quarter_ends import last_quarter_end
from resources.settings import settings_from_environment


@click.command("fetch-statistics")
@click.argument("date", type=Quarter(), required=False)
@click.option(
    "--data-set",
    "data_sets",
    multiple=True,
    metavar="ID[@VERSION]",
    help="A data set of DfE's; those of the settings unless given.",
)
@click.option(
    "--find",
    metavar="WORDS",
    help="List the data sets of publications whose title has these words, and fetch nothing.",
)
def command(date: dt.date | None, data_sets: tuple[str, ...], find: str | None) -> None:
    """Fetch DfE's open data into the landing place, for the quarter that ended on DATE (the last
    one unless given).

    What is fetched lies there as a file of the sender `dfe`, and is taken in by the next
    `observatory run` like a file that somebody put there. A data set is written whole or not at
    all.
    """
    from assets.intake.fetching import fetch
    from resources.landing import LandingPlace
    from resources.statistics_api import StatisticsApi

    settings = settings_from_environment()
    with StatisticsApi(settings.statistics_api) as api:
        if find:
            for version in api.found(find):
                print(
                    f"{version.data_set}  {version.title} (version {version.number} of"
                    f" {version.published}, {version.rows} rows)"
                )
            return
        quarter = date or last_quarter_end(dt.datetime.now(tz=dt.UTC).date())
        place = LandingPlace(settings.landing)
        for one in fetch(api, place, quarter, data_sets or settings.statistics_data_sets, print):
            text = "written" if one.is_new else "unchanged"
            print(f"  {text}: {quarter}/dfe/{one.name}")
    print("Next: observatory run")
