"""Asset of the answers: the outbox, partitioned by census date.

Belongs here: a thin shell over `outbox`.
"""

import datetime as dt

import dagster as dg

from assets.answering.outbox import answer_quarter
from assets.common.dagster_tables import OWNERS
from assets.intake.assets import LANDING
from assets.warehouse.keys import warehouse_key
from resources.contacts import REGION, contacts
from resources.observatory import Observatory


def build_outbox_asset(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """The answers to all returns of a census date, written where they are missing or out of date."""

    @dg.asset(
        key=["outbox", "answers"],
        deps=[
            LANDING,
            ["raw", "submission_table"],
            ["raw", "finding"],
            ["core", "cross_check"],
            ["curated", "benchmark"],
        ],
        group_name="outbox",
        description=(
            "A page and a workbook for each sender: what became of the return, what was found, what"
            " to do. `outbox/<census date>/<sender>/`."
        ),
        owners=OWNERS,
        kinds={"html", "excel"},
        tags={"layer": "outbox"},
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def answers(
        context: dg.AssetExecutionContext, observatory: dg.ResourceParam[Observatory]
    ) -> dg.MaterializeResult:
        settings, written = observatory.settings, 0
        key = warehouse_key(observatory.warehouse, settings.home)
        ask = str(contacts(settings).get(REGION, ""))
        for date in map(dt.date.fromisoformat, context.partition_keys):
            written += answer_quarter(
                observatory.warehouse,
                observatory.landing_place,
                settings.outbox,
                date,
                key,
                context.log.info,
                ask,
            )
        return dg.MaterializeResult(metadata={"answers_written": written})

    return answers
