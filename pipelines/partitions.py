"""Partitions: one a census date, from the region's first returns to the quarter end that has just
passed.
"""

from __future__ import annotations

import dagster as dg

from pipelines.quarter_ends import first_quarter

quarters = dg.TimeWindowPartitionsDefinition(
    start=first_quarter().isoformat(),
    cron_schedule="0 0 L 3,6,9,12 *",
    fmt="%Y-%m-%d",
    timezone="Europe/London",
    end_offset=1,
)
"""Quarter ends: 31 March, 30 June, 30 September, 31 December. A quarter exists from its last day
on.
"""
