"""Names: of the jobs and the tags of their runs, for whoever starts one or asks whether it is due.

Belongs here: names alone. A command that finds nothing to do knows them without Dagster, whose
imports take longer than all it does. Does not belong here: the jobs themselves (`jobs`).
"""

from __future__ import annotations

JOB = "bring_up_to_date"
QUALITY = "quality_report"
DRAFT = "draft"
APPROVE = "approve"

QUARTER = "observatory/quarter"
"""Tag of the runs of which one at a time is at work on a quarter."""
