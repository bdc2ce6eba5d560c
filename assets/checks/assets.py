"""Asset checks of the curated tables by Great Expectations, partitioned by census date, with Data Docs.

Belongs here: a thin shell over `report`. It warns or fails a check and blocks nothing.
"""

import datetime as dt
from collections.abc import Iterator

import dagster as dg

from assets.checks.report import DRIFT, report_page, suites, write_report
from assets.warehouse.tables import prepare
from resources.expectations import Outcome
from resources.observatory import Observatory
from resources.showing import in_markdown

EXPECTATIONS, CHANGES = "expectations", "change_on_the_quarter_before"


def build_expectation_checks(partitions: dg.PartitionsDefinition) -> dg.AssetChecksDefinition:
    """One check a curated table, and a second where its totals are watched from quarter to quarter."""
    specs = []
    for name, suite in suites().items():
        if suite.expectations:
            says = "What readers may rely on. " + " ".join(e.says for e in suite.expectations)
            specs.append(dg.AssetCheckSpec(EXPECTATIONS, asset=["curated", name], description=says, partitions_def=partitions))
        if suite.drifts:
            says = "Totals change little from one quarter to the next: a warning asks for a look at what was returned, and may be true."
            specs.append(dg.AssetCheckSpec(CHANGES, asset=["curated", name], description=says, partitions_def=partitions))

    @dg.multi_asset_check(name="expectations_of_readers", specs=specs, description="The readers' quality report: Data Docs of each census date.")
    def expectations_of_readers(context: dg.AssetCheckExecutionContext, observatory: dg.ResourceParam[Observatory]) -> Iterator[dg.AssetCheckResult]:
        prepare(observatory.warehouse, observatory.settings.region)
        data_docs = observatory.settings.data_docs
        outcomes: dict[str, list[tuple[str, Outcome]]] = {}
        pages = {}
        for key in context.partition_keys:
            date = dt.date.fromisoformat(key)
            for outcome in write_report(observatory.warehouse, date, data_docs):
                outcomes.setdefault(outcome.batch, []).append((key, outcome))
            pages[key] = report_page(data_docs, date)
            context.log.info(f"{key}: quality report: {pages[key]}")
        links = {f"data docs {key}": dg.MetadataValue.path(str(page)) for key, page in pages.items()}
        for name in suites():
            context.op_execution_context.log_event(
                dg.AssetObservation(["curated", name], description="Held against its expectations.", metadata=links)
            )
        for spec in specs:
            table = spec.asset_key.path[-1]
            found = outcomes.get(table if spec.name == EXPECTATIONS else f"{table}{DRIFT}", [])
            unmet = [(key, outcome) for key, outcome in found if not outcome.met]
            severe = any(outcome.severity == "critical" for _, outcome in unmet)
            yield dg.AssetCheckResult(
                asset_key=spec.asset_key,
                check_name=spec.name,
                passed=not unmet,
                severity=dg.AssetCheckSeverity.ERROR if severe else dg.AssetCheckSeverity.WARN,
                metadata={
                    "expectations": len(found),
                    "unmet": dg.MetadataValue.md(
                        "\n".join(f"- {key}: {in_markdown(o.says)} {o.unexpected} of {o.rows} rows." for key, o in unmet) or "none"
                    ),
                    **links,
                },
            )

    return expectations_of_readers
