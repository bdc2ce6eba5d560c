"""Assets of the publication: the tables of a release, partitioned by census date.

Belongs here: a thin shell over `release`.
"""

import datetime as dt
from collections.abc import Iterator

import dagster as dg

from assets.intake.assets import OWNERS, column_schema
from assets.publication.release import make_release
from assets.publication.tables import GEOGRAPHY, PUBLISHED_TABLES
from resources.observatory import Observatory


def build_publication_assets(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """One asset a published table; a release is made where a quarter's published figures have changed, and only then."""
    specs = [
        dg.AssetSpec(
            ["published", table.name],
            deps=[["curated", table.name], ["core", "authority"]],
            group_name="published",
            description=f"{table.title}: as released, after disclosure control. Every release is kept in published.cell and never changed.",
            owners=OWNERS,
            kinds={"postgres", "csv"},
            tags={"layer": "published"},
            metadata={
                "dagster/column_schema": column_schema(dict.fromkeys([*GEOGRAPHY, *table.filters, *(i.name for i in table.indicators)], "text"))
            },
        )
        for table in PUBLISHED_TABLES
    ]

    @dg.multi_asset(name="publication", specs=specs, partitions_def=partitions, backfill_policy=dg.BackfillPolicy.single_run())
    def publication(context: dg.AssetExecutionContext, observatory: Observatory) -> Iterator[dg.MaterializeResult]:
        settings = observatory.settings
        numbers: dict[str, str] = {}
        for key in context.partition_keys:
            release = make_release(observatory.warehouse, dt.date.fromisoformat(key), settings.region, settings.releases)
            if release:
                numbers[key] = f"r{release.number}"
                if release.is_new:
                    context.log.info(f"{key}: release r{release.number} made: {release.cells} cells, {release.hidden} of them hidden as small")
        for table in PUBLISHED_TABLES:
            rows = observatory.warehouse.scalar(
                "select count(distinct (c.census_date, c.row_order)) from published.cell as c inner join ("
                " select census_date, max(release_number) as release_number from published.release group by census_date) as l"
                " on c.census_date = l.census_date and c.release_number = l.release_number"
                " where c.table_name = :t and c.census_date = any(:dates)",
                t=table.name,
                dates=[dt.date.fromisoformat(key) for key in context.partition_keys],
            )
            yield dg.MaterializeResult(
                asset_key=["published", table.name],
                metadata={"dagster/partition_row_count": rows, "releases": dg.MetadataValue.json(numbers)},
            )

    return publication
