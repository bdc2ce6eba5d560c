"""Assets of the publication: the tables of a release, partitioned by census date.

Belongs here: a thin shell over `release`.
"""

import datetime as dt
from collections.abc import Iterator

import dagster as dg

from assets.access.keys import warehouse_key
from assets.intake.assets import OWNERS, column_schema
from assets.publication.release import Release, make_release, write_all_missing_files
from assets.publication.tables import GEOGRAPHY, PUBLISHED_TABLES
from resources.observatory import Observatory

GATE = "gate"
"""The check that a release must pass."""


def build_publication_assets(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """One asset a published table; a release is made where a quarter's published figures have changed, and only then."""
    specs = [
        dg.AssetSpec(
            ["published", table.name],
            deps=[["curated", table.reads], ["core", "authority"]],
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

    checks = [
        dg.AssetCheckSpec(
            GATE,
            asset=dg.AssetKey(["published", table.name]),
            blocking=True,
            description="Nobody who holds every release and the public register can work out a small count of this table. "
            "A failure means that the release was refused and nothing was written; its metadata name the cells and what gives them away.",
        )
        for table in PUBLISHED_TABLES
    ]

    @dg.multi_asset(name="publication", specs=specs, check_specs=checks, partitions_def=partitions, backfill_policy=dg.BackfillPolicy.single_run())
    def publication(
        context: dg.AssetExecutionContext, observatory: dg.ResourceParam[Observatory]
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        settings = observatory.settings
        write_all_missing_files(observatory.warehouse, settings.releases)
        secret = warehouse_key(observatory.warehouse, settings.home)  # with another key the same figures would carry other noise
        numbers: dict[str, str] = {}
        refused: list[Release] = []
        for key in context.partition_keys:
            release = make_release(observatory.warehouse, dt.date.fromisoformat(key), settings.region, settings.releases, key=secret)
            if release and release.refused:
                refused.append(release)
            elif not release:
                context.log.info(f"{key}: nothing that has landed for it counts: no release")
            else:
                numbers[key] = f"r{release.number}"
                if release.is_new:
                    context.log.info(f"{key}: release r{release.number} made: {release.cells} cells, {release.hidden} of them hidden as small")
        said = [f"{release.census_date}: {line}" for release in refused if release.verdict for line in release.verdict.lines()]
        for table in PUBLISHED_TABLES:
            own = [line for line in said if f"{table.name}." in line or f"{table.name}:" in line]
            yield dg.AssetCheckResult(
                asset_key=["published", table.name],
                check_name=GATE,
                passed=not own,
                severity=dg.AssetCheckSeverity.ERROR,
                metadata={"found": dg.MetadataValue.json(own[:20])},
            )
        if refused:
            raise dg.Failure(
                "The gate refused the release, and nothing was written; the earlier releases stand. A small count could be worked out:\n"
                + "\n".join(said[:20])
            )
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
