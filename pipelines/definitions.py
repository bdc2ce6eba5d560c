"""The code location: everything that Dagster knows of the observatory.

Belongs here: `build_definitions`, a function, so that tests and the command assemble the same
location with other settings.
"""

from __future__ import annotations

import os
import warnings
from functools import lru_cache

os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

import dagster as dg

from assets.answering.assets import build_outbox_asset
from assets.checks.assets import build_chase_check, build_expectation_checks
from assets.intake.assets import build_intake_assets, landing_asset
from assets.page.assets import build_draft_page_asset, build_page_asset
from assets.projection.assets import build_projection_asset
from assets.publication.assets import build_draft_assets, build_publication_assets
from assets.warehouse.assets import build_reference_asset, build_warehouse_assets
from pipelines.console import keep_quiet, plain_console
from pipelines.executing import executor
from pipelines.housekeeping import housekeeping, nightly
from pipelines.jobs import (
    approve,
    bring_up_to_date,
    chase,
    close,
    draft,
    fetch_official_statistics,
    hold,
    quality_report,
    reopen,
)
from pipelines.once import remember
from pipelines.opening import opened
from pipelines.partitions import quarters
from pipelines.schedules import reminders, timetable
from pipelines.sensors import a_run_failed, a_run_was_done, landing_place, quality_of_what_stands
from resources.landing import LandingPlace
from resources.observatory import nothing_handed_over, observatory_resource
from resources.provenance import BANNER, marked
from resources.settings import Settings, settings_from_environment


def build_definitions(settings: Settings | None = None) -> dg.Definitions:
    """The code location for these settings (else the environment's); the same one each time, for
    what is worked out of it stays with it.
    """
    # Partitioned checks and backfill policies are used knowingly; the version is pinned.
    warnings.filterwarnings("ignore", category=dg.BetaWarning)
    warnings.filterwarnings("ignore", category=dg.PreviewWarning)
    settings = settings or settings_from_environment()
    executed = (
        os.environ.get("OBSERVATORY_EXECUTOR"),
        os.environ.get("OBSERVATORY_EXECUTOR_CONFIG"),
    )
    return _built(settings, bool(marked(LandingPlace(settings.landing).root)), executed)


@lru_cache(maxsize=2)
def _built(
    settings: Settings, is_made_up: bool, _executed: tuple[str | None, str | None]
) -> dg.Definitions:
    definitions = dg.Definitions(
        assets=[
            landing_asset(),
            build_reference_asset(),
            build_intake_assets(quarters),
            build_warehouse_assets(quarters),
            build_projection_asset(quarters),
            build_draft_assets(quarters),
            build_draft_page_asset(quarters),
            build_publication_assets(quarters),
            build_page_asset(quarters),
            build_outbox_asset(quarters),
        ],
        asset_checks=[build_expectation_checks(quarters), build_chase_check(quarters)],
        jobs=[
            bring_up_to_date,
            close,
            draft,
            approve,
            hold,
            reopen,
            chase,
            fetch_official_statistics,
            quality_report,
            housekeeping,
        ],
        schedules=[timetable, reminders, nightly],
        sensors=[landing_place, quality_of_what_stands, a_run_failed, a_run_was_done],
        resources={
            "observatory": observatory_resource(lambda: opened(settings, may_be_new=True)),
            "io_manager": nothing_handed_over,
        },
        loggers={"plain": plain_console},
        executor=executor(),
    )
    return definitions.map_asset_specs(func=_made_up) if is_made_up else definitions


def _made_up(spec: dg.AssetSpec) -> dg.AssetSpec:
    """An asset of a made-up landing place says so wherever Dagster shows it."""
    return spec.replace_attributes(
        description=f"**{BANNER}**\n\n{spec.description or ''}"
    ).merge_attributes(metadata={"data": "made up"}, tags={"data": "made-up"})


keep_quiet()
remember()
defs = build_definitions()
