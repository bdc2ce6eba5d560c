"""Asset of the observatory page: the site of each census date's newest release.

Belongs here: a thin shell over `site`.
"""

import datetime as dt
import time

import dagster as dg

from assets.intake.assets import OWNERS
from assets.page.site import Sites
from assets.publication.tables import PUBLISHED_TABLES
from resources.observatory import Observatory


def build_page_asset(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """The pages of the newest release of a census date, and of later ones, whose trends show it; made where they are missing or out of date."""

    @dg.asset(
        key=["page", "site"],
        deps=[["published", table.name] for table in PUBLISHED_TABLES],
        group_name="page",
        description="What is published, as pages for commissioners, members and the public: `releases/<census date>/r<N>/page/index.html`.",
        owners=OWNERS,
        kinds={"html"},
        tags={"layer": "page"},
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def site(context: dg.AssetExecutionContext, observatory: Observatory) -> dg.MaterializeResult:
        settings = observatory.settings
        sites = Sites(observatory.warehouse, settings.region, settings.releases)
        started, made, largest = time.monotonic(), 0, 0
        for date in sites.later([dt.date.fromisoformat(key) for key in context.partition_keys]):
            found = sites.make(date)
            if found and found.is_new:
                context.log.info(f"{date}: the observatory page, {found.pages} pages")
                made, largest = made + found.pages, max(largest, found.largest)
        contents = sites.write_contents()
        return dg.MaterializeResult(
            metadata={
                "pages_written": made,
                "largest_page_bytes": largest,
                "seconds": round(time.monotonic() - started, 1),
                "contents": dg.MetadataValue.path(str(contents)),
            }
        )

    return site
