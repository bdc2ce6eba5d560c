"""Jobs: what people do with a quarter, or a range of them.

Bringing it up to date from landing place to answers; closing, drafting, approving, holding and
reopening it; the readers' quality report of it. Who does it is said by the run's tag `by`, and why
by the tag `why`: no run takes any configuration.
"""

import datetime as dt
from collections.abc import Callable, Mapping

import dagster as dg

from assets.checks.assets import CHANGES, EXPECTATIONS
from assets.checks.report import suites
from assets.common import audit
from assets.publication import lifecycle
from assets.publication.assets import BY, WHY
from pipelines.names import APPROVE, DRAFT, JOB, QUALITY
from pipelines.partitions import quarters
from pipelines.telling import remind
from resources.observatory import Observatory
from resources.warehouse import Warehouse
from schemas.regions import today

# Great Expectations takes ten seconds to import: the report is made after the release and never
# keeps it waiting.
_for_readers = dg.AssetSelection.checks(
    *(
        dg.AssetCheckKey(dg.AssetKey(["curated", name]), check)
        for name, suite in suites().items()
        for check, is_there in ((EXPECTATIONS, suite.expectations), (CHANGES, suite.drifts))
        if is_there
    )
)

_drafts = dg.AssetSelection.groups("draft")
_published = dg.AssetSelection.groups("published")

bring_up_to_date = dg.define_asset_job(
    JOB,
    selection=dg.AssetSelection.all() - _for_readers - _drafts - _published,
    description=(
        "Reads what is new in the landing place, rewrites the quarter's tables and answers the"
        " senders. It publishes nothing."
    ),
)

draft = dg.define_asset_job(
    DRAFT,
    selection=_drafts,
    description=(
        "Closes the quarters whose day has come, makes the drafts of those that are closed and the"
        " corrections of those that are published, and asks the gate. It publishes nothing."
    ),
)

approve = dg.define_asset_job(
    APPROVE,
    selection=_published | dg.AssetSelection.assets(["page", "site"]),
    description=(
        "Publishes the draft of a quarter just as it is kept, in the name of the run's tag `by`,"
        " and makes its page."
    ),
)

quality_report = dg.define_asset_job(
    QUALITY,
    selection=_for_readers,
    description=(
        "Holds the curated tables against what readers may expect of them, and writes Data Docs:"
        " the quality report of each census date."
    ),
)


_ONE = "dagster/partition"
_FIRST, _LAST = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


def range_tags(first: dt.date, last: dt.date) -> dict[str, str]:
    """The tags of a run over a range of quarters. Of one alone Dagster takes each check's result for
    that quarter; of several each check has to be told once more for each of them.
    """
    if first == last:
        return {_ONE: first.isoformat()}
    return {_FIRST: first.isoformat(), _LAST: last.isoformat()}


def range_of(tags: Mapping[str, str]) -> tuple[dt.date, dt.date] | None:
    """The first and the last quarter of a run with these tags; None where they say none."""
    one = tags.get(_ONE, "")
    try:
        return (
            dt.date.fromisoformat(tags.get(_FIRST, one)),
            dt.date.fromisoformat(tags.get(_LAST, one)),
        )
    except ValueError:
        return None


def _by_hand(
    name: str, does: Callable[[Warehouse, dt.date, str, str], None], description: str
) -> dg.JobDefinition:
    """A job that takes one step of a quarter's life, in the name of the run's tag `by`."""

    @dg.op(name=f"{name}_it", config_schema={})
    def it(context: dg.OpExecutionContext, observatory: dg.ResourceParam[Observatory]) -> None:
        tags = context.run.tags
        does(
            observatory.warehouse,
            dt.date.fromisoformat(context.partition_key),
            tags.get(BY, "") or audit.actor(),
            tags.get(WHY, ""),
        )

    @dg.job(
        name=name,
        partitions_def=quarters,
        description=f"{description} Say who (`by`) and why (`why`) as tags of the run.",
    )
    def job() -> None:
        it()

    return job


@dg.op(
    config_schema={},
    description="Writes the chase list, and reminds the senders and the region; once a day.",
)
def remind_senders(
    context: dg.OpExecutionContext, observatory: dg.ResourceParam[Observatory]
) -> None:
    """Remind of the quarter."""
    for line in remind(
        observatory.warehouse,
        observatory.settings,
        dt.date.fromisoformat(context.partition_key),
        today(),
    ):
        context.log.info(line)


@dg.job(
    partitions_def=quarters,
    description=(
        "Reminds the senders of a quarter whose returns are due, late, rejected or halved, and"
        " tells the region."
    ),
)
def chase() -> None:
    """One step."""
    remind_senders()


@dg.op(
    config_schema={},
    description="Fetches DfE's data sets into the landing place, as files of the sender dfe.",
)
def fetch_data_sets(
    context: dg.OpExecutionContext, observatory: dg.ResourceParam[Observatory]
) -> None:
    """Fetch for the quarter."""
    from assets.intake.fetching import fetch
    from resources.statistics_api import StatisticsApi

    settings, date = observatory.settings, dt.date.fromisoformat(context.partition_key)
    with StatisticsApi(settings.statistics_api) as api:
        for one in fetch(
            api, observatory.landing_place, date, settings.statistics_data_sets, context.log.info
        ):
            context.log.info(f"{'Written' if one.is_new else 'Unchanged'}: {date}/dfe/{one.name}")


@dg.job(
    partitions_def=quarters,
    description=(
        "Fetches DfE's open data from its public API into the landing place of a quarter; the"
        " landing place's sensor takes them in."
    ),
)
def fetch_official_statistics() -> None:
    """One step."""
    fetch_data_sets()


close = _by_hand(
    "close", lifecycle.close, "Closes a quarter: what comes from now on waits for the correction."
)
hold = _by_hand(
    "hold",
    lifecycle.hold,
    "Holds a quarter: it is neither closed by the timetable nor drafted nor approved.",
)
reopen = _by_hand(
    "reopen",
    lifecycle.reopen,
    "Collects again for a quarter that is closed or a draft; the draft goes.",
)
