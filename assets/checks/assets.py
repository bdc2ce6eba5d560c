"""Asset checks of the curated tables, partitioned by census date: Great Expectations with Data
Docs, and whom to chase.

Belongs here: thin shells over `report` and `chasing`. They warn or fail a check and block nothing.
"""

import datetime as dt
from collections.abc import Iterator

import dagster as dg

from assets.checks.chasing import LATE, REJECTED, chase_list, freshness, write_list
from assets.checks.report import DRIFT, report_page, suites, write_report
from assets.common.dagster_tables import told_by_quarter
from resources.expectations import Outcome
from resources.links import link
from resources.observatory import Observatory
from resources.showing import in_markdown
from schemas.regions import today

CHASE = "returns_to_chase"
EXPECTATIONS, CHANGES = "expectations", "change_on_the_quarter_before"


def build_expectation_checks(partitions: dg.PartitionsDefinition) -> dg.AssetChecksDefinition:
    """One check a curated table, and a second where its totals are watched from quarter to quarter."""
    specs = []
    for name, suite in suites().items():
        if suite.expectations:
            says = "What readers may rely on. " + " ".join(e.says for e in suite.expectations)
            specs.append(
                dg.AssetCheckSpec(
                    EXPECTATIONS,
                    asset=["curated", name],
                    description=says,
                    partitions_def=partitions,
                )
            )
        if suite.drifts:
            says = (
                "Totals change little from one quarter to the next: a warning asks for a look at"
                " what was returned, and may be true."
            )
            specs.append(
                dg.AssetCheckSpec(
                    CHANGES, asset=["curated", name], description=says, partitions_def=partitions
                )
            )

    @dg.multi_asset_check(
        name="expectations_of_readers",
        specs=specs,
        can_subset=True,  # whoever makes one table anew runs its checks
        description="The readers' quality report: Data Docs of each census date.",
    )
    def expectations_of_readers(
        context: dg.AssetCheckExecutionContext, observatory: dg.ResourceParam[Observatory]
    ) -> Iterator[dg.AssetCheckResult]:
        data_docs = observatory.settings.data_docs
        outcomes: dict[str, list[tuple[str, Outcome]]] = {}
        pages = {}
        for key in context.partition_keys:
            date = dt.date.fromisoformat(key)
            for outcome in write_report(observatory.warehouse, date, data_docs):
                outcomes.setdefault(outcome.batch, []).append((key, outcome))
            pages[key] = report_page(data_docs, date)
            context.log.info(f"{key}: quality report: {pages[key]}")
        links = {
            f"data docs {key}": dg.MetadataValue.url(link(page, observatory.settings))
            for key, page in pages.items()
        }
        for name in suites():
            context.op_execution_context.log_event(
                dg.AssetObservation(
                    ["curated", name], description="Held against its expectations.", metadata=links
                )
            )
        # of single tables only the checks that were asked for are told of
        for spec in (one for one in specs if one.key in context.selected_asset_check_keys):
            table = spec.asset_key.path[-1]
            results = outcomes.get(table if spec.name == EXPECTATIONS else f"{table}{DRIFT}", [])
            unmet = [(key, outcome) for key, outcome in results if not outcome.met]
            told_by_quarter(
                context,
                spec,
                {key: all(outcome.met for of, outcome in results if of == key) for key in pages},
                {
                    key: {
                        "expectations": sum(of == key for of, _ in results),
                        "unmet": dg.MetadataValue.md(
                            _unmet([one for one in unmet if one[0] == key])
                        ),
                        "data docs": links[f"data docs {key}"],
                    }
                    for key in pages
                },
                (
                    dg.AssetCheckSeverity.WARN
                    if all(o.severity != "critical" for _, o in unmet)
                    else dg.AssetCheckSeverity.ERROR
                ),
            )
            severe = any(outcome.severity == "critical" for _, outcome in unmet)
            yield dg.AssetCheckResult(
                asset_key=spec.asset_key,
                check_name=spec.name,
                passed=not unmet,
                severity=dg.AssetCheckSeverity.ERROR if severe else dg.AssetCheckSeverity.WARN,
                metadata={
                    "expectations": len(results),
                    "unmet": dg.MetadataValue.md(_unmet(unmet)),
                    **links,
                },
            )

    return expectations_of_readers


def _unmet(results: list[tuple[str, Outcome]]) -> str:
    return (
        "\n".join(
            f"- {key}: {in_markdown(o.says)} {o.unexpected} of {o.rows} rows." for key, o in results
        )
        or "none"
    )


def build_chase_check(partitions: dg.PartitionsDefinition) -> dg.AssetChecksDefinition:
    """Whether returns of a quarter are late or rejected: the chase list, as a check with its file."""
    spec = dg.AssetCheckSpec(
        CHASE,
        asset=["curated", "return_quality"],
        description=(
            "No return that is expected is late or rejected. The list (by sender, with days and"
            " history) is in the home: `chase/`."
        ),
        partitions_def=partitions,
    )

    @dg.multi_asset_check(
        name="chasing",
        specs=[spec],
        description="Whom to remind of which return, by the region's timetable.",
    )
    def chasing(
        context: dg.AssetCheckExecutionContext, observatory: dg.ResourceParam[Observatory]
    ) -> Iterator[dg.AssetCheckResult]:
        warehouse, settings = observatory.warehouse, observatory.settings
        lines, late, paths, late_in = [], 0, {}, {}
        for key in context.partition_keys:
            date = dt.date.fromisoformat(key)
            chased = chase_list(warehouse, date, settings.region.timetable, today())
            late_in[key] = sum(one.state in (LATE, REJECTED) for one in chased)
            late += late_in[key]
            lines += [
                f"- {key}: {in_markdown(one.name)} ({one.sender}): {in_markdown(one.sentence())}"
                for one in chased
            ]
            paths[f"list {key}"] = dg.MetadataValue.path(
                str(write_list(settings.chase, date, chased))
            )
        told_by_quarter(
            context,
            spec,
            {key: not number for key, number in late_in.items()},
            {
                key: {"late or rejected": number, "list": paths[f"list {key}"]}
                for key, number in late_in.items()
            },
            dg.AssetCheckSeverity.WARN,
        )
        fresh = {
            row.table_name: f"{row.census_date}, {row.senders} senders, {row.received_at:%Y-%m-%d}"
            for row in freshness(warehouse)
        }
        yield dg.AssetCheckResult(
            asset_key=spec.asset_key,
            check_name=CHASE,
            passed=late == 0,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                "late or rejected": late,
                "to chase": dg.MetadataValue.md("\n".join(lines[:200]) or "none"),
                "the newest of each source": dg.MetadataValue.json(fresh),
                **paths,
            },
        )

    return chasing
