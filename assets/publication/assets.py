"""Assets of the publication: the drafts with the gate, and the tables of the releases, partitioned
by census date.

Belongs here: thin shells over `drafts` and `approval`.
"""

import datetime as dt
from collections.abc import Iterator

import dagster as dg

from assets.common import audit
from assets.common.dagster_tables import OWNERS, column_schema, told_by_quarter
from assets.publication import lifecycle
from assets.publication.approval import approve
from assets.publication.drafts import Draft, make_draft, write_draft_files
from assets.publication.programme import relations_of
from assets.publication.release import DRAFTS, LEDGER, Ledger, write_missing_files
from assets.publication.status import in_brackets
from assets.publication.tables import GEOGRAPHY, PUBLISHED_TABLES
from assets.warehouse.keys import warehouse_key
from resources.errors import ObservatoryError
from resources.observatory import Observatory
from resources.warehouse import Warehouse
from schemas.regions import today

GATE = "gate"
"""The check that a draft must pass."""
BY, WHY, ACCEPT, ADDED = "by", "why", "accept", "added"
"""Tags of a run: the person in whose name it is, and why."""


def build_draft_assets(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """One asset a table of the drafts. A quarter whose day has come is closed first, by the
    timetable; nothing is published.
    """
    specs = [
        dg.AssetSpec(
            ["draft", table.name],
            deps=[list(relation) for relation in sorted(relations_of(table))],
            group_name="draft",
            description=(
                f"{table.title}: as it will be released when a named person has approved it. For"
                " the regional group alone."
            ),
            owners=OWNERS,
            kinds={"postgres"},
            tags={"layer": "draft"},
            metadata={
                "dagster/column_schema": column_schema(
                    dict.fromkeys(
                        [*GEOGRAPHY, *table.filters, *(i.name for i in table.indicators)], "text"
                    )
                )
            },
        )
        for table in PUBLISHED_TABLES
    ]
    checks = [
        dg.AssetCheckSpec(
            GATE,
            asset=dg.AssetKey(["draft", table.name]),
            blocking=True,
            partitions_def=partitions,
            description=(
                "Nobody who holds every release and the public register can work out a small count"
                " of this table. A failure means that the draft was refused and is not kept; its"
                " metadata name the cells and what gives them away."
            ),
        )
        for table in PUBLISHED_TABLES
    ]

    @dg.multi_asset(
        name="drafts",
        specs=specs,
        check_specs=checks,
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def drafts(
        context: dg.AssetExecutionContext, observatory: dg.ResourceParam[Observatory]
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        warehouse, region = observatory.warehouse, observatory.settings.region
        dates = [dt.date.fromisoformat(key) for key in context.partition_keys]
        for date in lifecycle.close_by_timetable(warehouse, region, today(), dates):
            context.log.info(f"{date}: closed by the timetable")
        written: list[Draft] = []
        failed: list[str] = []
        by = context.run.tags.get(BY, "") or audit.actor()
        key = warehouse_key(
            warehouse, observatory.settings.home
        )  # with another key the same figures would carry other noise
        for date in dates:
            try:
                draft = make_draft(
                    warehouse, date, region, by, key, accept=context.run.tags.get(ACCEPT, ""), added=bool(context.run.tags.get(ADDED)),
                )  # fmt: skip
            except (
                ObservatoryError
            ) as error:  # one quarter does not keep the others from their drafts
                failed.append(str(error))
                continue
            written.append(draft)
            context.log.info(_told(draft))
        # whatever failed: the others' drafts are there to be looked at
        write_draft_files(warehouse, observatory.settings.drafts)
        refused = [draft for draft in written if draft.refused]
        sentences = [f"{draft.census_date}: {line}" for draft in refused for line in draft.said]
        if refused:
            failed.append("The gate refused the draft: a small count could be worked out.")
            failed += [
                f"{draft.census_date}: {line}" for draft in refused for line in draft.in_short()
            ]
            failed.append(refused[0].what_to_do())
        if not failed:  # what is told of a table is told of its newest materialization
            for table in PUBLISHED_TABLES:
                yield dg.MaterializeResult(
                    asset_key=["draft", table.name],
                    metadata={
                        "dagster/partition_row_count": _rows(warehouse, DRAFTS, table.name, dates),
                        "state": dg.MetadataValue.json(_states(warehouse, dates)),
                    },
                )
        for table, check in zip(PUBLISHED_TABLES, checks, strict=True):
            # with what follows the name: another table's may begin with it
            own = [
                line for line in sentences if f"{table.name}." in line or f"{table.name}:" in line
            ]
            by_quarter = {
                str(date): [line for line in own if line.startswith(f"{date}:")] for date in dates
            }
            told_by_quarter(
                context,
                check,
                {quarter: not lines for quarter, lines in by_quarter.items()},
                {
                    quarter: {"found": dg.MetadataValue.json(lines[:20])}
                    for quarter, lines in by_quarter.items()
                },
            )
            # before the step fails: what has been yielded is kept
            yield dg.AssetCheckResult(
                asset_key=["draft", table.name],
                check_name=GATE,
                passed=not own,
                severity=dg.AssetCheckSeverity.ERROR,
                metadata={"found": dg.MetadataValue.json(own[:20])},
            )
        if failed:
            raise dg.Failure("\n".join(failed))

    return drafts


def build_publication_assets(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """One asset a published table: the draft of a census date is published in the name of whoever
    the run's tag `by` says.
    """
    specs = [
        dg.AssetSpec(
            ["published", table.name],
            deps=[["draft", table.name]],
            group_name="published",
            description=(
                f"{table.title}: as released, after disclosure control. Every release is kept in"
                " published.cell and never changed."
            ),
            owners=OWNERS,
            kinds={"postgres", "csv"},
            tags={"layer": "published"},
            metadata={
                "dagster/column_schema": column_schema(
                    dict.fromkeys(
                        [*GEOGRAPHY, *table.filters, *(i.name for i in table.indicators)], "text"
                    )
                )
            },
        )
        for table in PUBLISHED_TABLES
    ]

    @dg.multi_asset(
        name="publication",
        specs=specs,
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def publication(
        context: dg.AssetExecutionContext, observatory: dg.ResourceParam[Observatory]
    ) -> Iterator[dg.MaterializeResult]:
        warehouse, settings = observatory.warehouse, observatory.settings
        dates = [dt.date.fromisoformat(key) for key in context.partition_keys]
        by, why = context.run.tags.get(BY, ""), context.run.tags.get(WHY, "")
        if not by:
            raise dg.Failure(
                "Nobody was named; the person who approves was expected, as the run's tag `by` (and"
                " a note as `why`). Add it, and run again."
            )
        for date in dates:
            approved = approve(warehouse, date, settings.region, by, why)
            write_missing_files(warehouse, date, settings.releases, context.log.warning)
            context.log.info(
                f"{date}: r{approved.number}{in_brackets(approved.status)} approved by"
                f" {approved.by}, and published"
            )
        # the folders of the drafts that were published go
        write_draft_files(warehouse, settings.drafts)
        for table in PUBLISHED_TABLES:
            yield dg.MaterializeResult(
                asset_key=["published", table.name],
                metadata={
                    "dagster/partition_row_count": _rows(warehouse, LEDGER, table.name, dates),
                    "state": dg.MetadataValue.json(_states(warehouse, dates)),
                    "approved_by": by,
                },
            )

    return publication


def _told(draft: Draft) -> str:
    if draft.refused:
        return f"{draft.census_date}: the gate refused the draft"
    if draft.changes:
        word = in_brackets(draft.status)
        return (
            f"{draft.census_date}: draft {draft.mark} of r{draft.number}{word}:"
            f" {draft.cells} cells, {draft.hidden} of them hidden as small"
        )
    return f"{draft.census_date}: {draft.outcome}: no draft"


def _states(warehouse: Warehouse, dates: list[dt.date]) -> dict[str, str]:
    """What Dagster shows of the quarters: state, since when and by whom."""
    known = lifecycle.lives(warehouse)
    return {
        str(date): (
            f"{now.state}{in_brackets(now.status)}{', held' if now.is_held else ''},"
            f" {now.since:%Y-%m-%d %H:%M} by {now.by}"
        )
        for date in dates
        if (now := known.get(date)) and now.since
    }


def _rows(warehouse: Warehouse, ledger: Ledger, table: str, dates: list[dt.date]) -> int:
    """Rows of a table in the newest release (or draft) of each of these dates."""
    releases, cells, _ = ledger
    query = (
        f"select count(distinct (c.census_date, c.row_order)) from {cells} as c inner join (select"
        f" census_date, max(release_number) as release_number from {releases} group by census_date)"
        " as l on c.census_date = l.census_date and c.release_number = l.release_number where"
        " c.table_name = :t and c.census_date = any(:dates)"
    )
    return int(warehouse.scalar(query, t=table, dates=dates) or 0)
