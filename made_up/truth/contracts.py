"""What the spend of contract_watch must be: placements of the placement census by the framework and
lot of their setting.

Belongs here: that definition once more. Does not belong here: the contracts themselves
(`asked.py`).
"""

from __future__ import annotations

import pandas as pd

from made_up.truth.arithmetic import pence
from made_up.truth.frames import Frames

OUTSIDE, NOT_KNOWN = "None", "Not known"


def contract_spend(frames: Frames) -> pd.DataFrame:
    """Placements, those without a cost, and what the others cost a week; by placing authority,
    framework and lot.
    """
    told = frames.returned[["urn", "framework", "lot"]]
    settings = {
        urn: (_first(rows["framework"]), _first(rows["lot"])) for urn, rows in told.groupby("urn")
    }
    groups: dict[tuple[str, str, str], list[int | None]] = {}
    for row in frames.placed.to_dict("records"):
        urn = row["establishment_urn"] or row["provider_urn"]
        framework, lot = settings.get(urn, (NOT_KNOWN, ""))
        at = row["placing_authority_code"], framework or OUTSIDE, lot if framework else ""
        groups.setdefault(at, []).append(pence(row["total_weekly_cost"]))
    lines = []
    for (code, framework, lot), costs in groups.items():
        paid = [cost for cost in costs if cost is not None]
        spend = f"{sum(paid) // 100}.{sum(paid) % 100:02d}" if paid else ""
        lines.append((code, framework, lot, len(costs), len(costs) - len(paid), spend))
    names = [
        "authority_code",
        "framework",
        "lot",
        "placements",
        "placements_without_cost",
        "weekly_spend",
    ]
    return pd.DataFrame(lines, columns=names)


def _first(names: pd.Series) -> str:
    """The first of the names that are given, by the alphabet; blank where none is."""
    return min((str(name) for name in names if name), default="")
