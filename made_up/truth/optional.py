"""What the figures that rest on optional returns must be: fostering carers, referrals and planned
homes.

Belongs here: these definitions once more, and keeping them from quarter to quarter.
Does not belong here: who sends these returns (`returns/optional.py`).
"""

from __future__ import annotations

import datetime as dt

import pandas as pd

from made_up.returns.in_house_fostering import COUNTS, PART, approval_types
from made_up.returns.optional import OptionalReturns
from made_up.returns.planned_homes import written_day
from made_up.returns.provider_census import ProviderReturns
from made_up.world.kinds import AGENCY, OWN
from made_up.writing import Made, write_truth

NOT_DIVIDED = "Not divided"


class OptionalTruth:
    """The figures of all census dates."""

    def __init__(self) -> None:
        self._tables: dict[str, list[pd.DataFrame]] = {}

    def add(self, providers: ProviderReturns, returns: OptionalReturns, date: dt.date) -> None:
        """Work out one date's figures."""
        self._add("fostering_capacity", fostering_capacity(providers, returns.carers), date)
        self._add("referrals", referrals(providers), date)
        self._add("pipeline_homes", pipeline_homes(returns.planned), date)

    def write(self, made: Made) -> None:
        """Write what the figures must be, one CSV a table."""
        for name, tables in self._tables.items():
            write_truth(made, name, pd.concat(tables, ignore_index=True))

    def _add(self, name: str, table: pd.DataFrame, date: dt.date) -> None:
        table.insert(0, "census_date", date.isoformat())
        self._tables.setdefault(name, []).append(table)


def fostering_capacity(providers: ProviderReturns, returned: pd.DataFrame) -> pd.DataFrame:
    """By authority: its own carers by its fostering return, else by its provider census; the
    agencies' carers by where they live.
    """
    loaded = providers.loaded_settings().rename(
        columns={**PART, "registered_places": "approved_places"}
    )
    agencies = loaded[loaded["kind"] == AGENCY].groupby("host_code")
    independent = (
        agencies[COUNTS]
        .sum()
        .assign(
            agencies=agencies["urn"].nunique(),
            source="provider census",
            provision_type="Independent fostering",
        )
    )
    independent["approval_type"] = NOT_DIVIDED
    own = loaded[(loaded["kind"] == OWN) & ~loaded["sender"].isin(returned.index)].groupby("sender")
    in_house = pd.concat(
        [
            _by_approval_type(returned).assign(agencies=1, source="in-house fostering return"),
            own[COUNTS]
            .sum()
            .assign(
                agencies=own["urn"].nunique(), source="provider census", approval_type=NOT_DIVIDED
            ),
        ]
    ).assign(provision_type="In-house fostering")
    table = pd.concat([in_house, independent]).rename_axis("authority_code").reset_index()
    table["available_places"] = table["approved_places"] - table["not_available_places"]
    return table[
        [
            "authority_code",
            "provision_type",
            "approval_type",
            "source",
            "agencies",
            *COUNTS,
            "available_places",
        ]
    ]


def _by_approval_type(returned: pd.DataFrame) -> pd.DataFrame:
    """The carers of the returns as they were sent, one row an authority and approval type."""
    rows = [
        [sender, *row]
        for sender in returned.index
        for row in approval_types(returned.loc[sender, COUNTS])
    ]
    return pd.DataFrame(rows, columns=["authority_code", "approval_type", *COUNTS]).set_index(
        "authority_code"
    )


def referrals(providers: ProviderReturns) -> pd.DataFrame:
    """By host, of all provision types together: every made-up return gives its referrals, so that
    vacant places are those of all who answered.
    """
    loaded = providers.loaded_settings()
    names = {"referrals_received": "referrals", "offers_made": "offers", "vacant_places": "vacant"}
    table = (
        loaded.rename(columns=names)
        .groupby(["host_code"], as_index=False)[list(names.values())]
        .sum()
    )
    return table.rename(columns={"host_code": "host_authority_code"})


def pipeline_homes(planned: pd.DataFrame) -> pd.DataFrame:
    """Homes and beds in planning, by authority and stage."""
    known = planned.assign(opening=planned["opening"].where(planned["opening"] > 0))
    table = known.groupby(["authority_code", "stage"], as_index=False).agg(
        homes_planned=("beds", "size"),
        beds_planned=("beds", "sum"),
        next_opening=("opening", "min"),
    )
    return table.assign(
        next_opening=[written_day(int(day)) if day == day else "" for day in table["next_opening"]]
    )
