"""Jobs: bringing a quarter, or a range of quarters, up to date from landing place to release; and the readers' quality report of it."""

from __future__ import annotations

import datetime as dt

import dagster as dg

from assets.checks.assets import CHANGES, EXPECTATIONS
from assets.checks.report import suites

JOB = "bring_up_to_date"
QUALITY = "quality_report"

# Great Expectations takes ten seconds to import: the report is made after the release and never keeps it waiting.
_for_readers = dg.AssetSelection.checks(
    *(
        dg.AssetCheckKey(dg.AssetKey(["curated", name]), check)
        for name, suite in suites().items()
        for check, is_there in ((EXPECTATIONS, suite.expectations), (CHANGES, suite.drifts))
        if is_there
    )
)

bring_up_to_date = dg.define_asset_job(
    JOB,
    selection=dg.AssetSelection.all() - _for_readers,
    description="Reads what is new in the landing place, rewrites the quarter's tables and makes a release where its figures have changed.",
)

quality_report = dg.define_asset_job(
    QUALITY,
    selection=_for_readers,
    description="Holds the curated tables against what readers may expect of them, and writes Data Docs: the quality report of each census date.",
)


def range_tags(first: dt.date, last: dt.date) -> dict[str, str]:
    """The tags of a run over a range of quarters."""
    return {
        "dagster/asset_partition_range_start": first.isoformat(),
        "dagster/asset_partition_range_end": last.isoformat(),
    }
