"""Assets of the observatory page: the site of each census date's newest release, and that of its
draft.

Belongs here: a thin shell over `site`.
"""

import datetime as dt
import time

import dagster as dg

from assets.common.dagster_tables import OWNERS
from assets.page.site import bring_drafts_up_to_date, bring_sites_up_to_date
from assets.publication.programme import PUBLISHED_TABLES
from resources.observatory import Observatory


def build_page_asset(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """The pages of the newest release of a census date, and of later ones, whose trends show it;
    made where they are missing or out of date.
    """

    @dg.asset(
        key=["page", "site"],
        deps=[["published", table.name] for table in PUBLISHED_TABLES],
        group_name="page",
        description=(
            "What is published, as pages for commissioners, members and the public:"
            " `releases/<census date>/r<N>/page/index.html`."
        ),
        owners=OWNERS,
        kinds={"html"},
        tags={"layer": "page"},
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def site(
        context: dg.AssetExecutionContext, observatory: dg.ResourceParam[Observatory]
    ) -> dg.MaterializeResult:
        settings = observatory.settings
        started = time.monotonic()
        dates = [dt.date.fromisoformat(key) for key in context.partition_keys]
        written = bring_sites_up_to_date(
            observatory.warehouse, settings.region, settings.releases, dates, context.log.info
        )
        return dg.MaterializeResult(
            metadata={
                "pages_written": sum(each.pages for each in written),
                "largest_page_bytes": max((each.largest for each in written), default=0),
                "seconds": round(time.monotonic() - started, 1),
                "contents": dg.MetadataValue.path(str(settings.releases / "index.html")),
            }
        )

    return site


def build_draft_page_asset(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """The pages of the drafts, as they will be; made where they are missing or out of date."""

    @dg.asset(
        key=["draft", "site"],
        deps=[["draft", table.name] for table in PUBLISHED_TABLES],
        group_name="draft",
        description=(
            "A draft as pages, for the regional group alone: `drafts/<census date>/<its"
            " mark>/page/index.html` of the observatory's home."
        ),
        owners=OWNERS,
        kinds={"html"},
        tags={"layer": "draft"},
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def draft_site(
        context: dg.AssetExecutionContext, observatory: dg.ResourceParam[Observatory]
    ) -> dg.MaterializeResult:
        settings = observatory.settings
        folders = bring_drafts_up_to_date(
            observatory.warehouse,
            settings.region,
            settings.drafts,
            settings.releases,
            context.log.info,
        )
        mine = {
            key: str(folders[date])
            for key in context.partition_keys
            if (date := dt.date.fromisoformat(key)) in folders
        }
        return dg.MaterializeResult(metadata={"folders": dg.MetadataValue.json(mine)})

    return draft_site
