"""Jobs: bringing a quarter, or a range of quarters, up to date from landing place to release."""

from __future__ import annotations

import datetime as dt

import dagster as dg

JOB = "bring_up_to_date"

bring_up_to_date = dg.define_asset_job(
    JOB,
    selection=dg.AssetSelection.all(),
    description="Reads what is new in the landing place, rewrites the quarter's tables and makes a release where its figures have changed.",
)


def range_tags(first: dt.date, last: dt.date) -> dict[str, str]:
    """The tags of a run over a range of quarters."""
    return {
        "dagster/asset_partition_range_start": first.isoformat(),
        "dagster/asset_partition_range_end": last.isoformat(),
    }
