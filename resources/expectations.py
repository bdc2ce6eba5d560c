"""Great Expectations: holds frames against expectations and writes Data Docs, in this process,
without a network and without telemetry.

Belongs here: everything that knows Great Expectations. It takes ten seconds to import, so nothing
here imports it before it is used. Does not belong here: what is expected (`schemas/expectations`),
and which rows are held up (`assets/checks`).

No value of a row goes into a result or a page: an expectation says how many rows broke it, never
which. The pages that Great Expectations makes would load scripts, fonts and pictures from other
people's servers whenever somebody opens them; all of that is taken out, and a policy in each page
forbids it. The first page is our own: Great Expectations' is drawn by scripts.
"""

from __future__ import annotations

import os
import re
import shutil
import warnings
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from schemas.expectations import Expectation

_COUNTS_ALONE = {
    "result_format": "SUMMARY",
    "partial_unexpected_count": 0,
    "exclude_unexpected_values": True,
}

_POLICY = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'self'"
    " 'unsafe-inline'; img-src 'self'"
    ' data:"><style>body{font-family:sans-serif;margin:2em;max-width:75em}table{border-collapse:collapse}td,th{border:1px'
    " solid #bbb;padding:.3em .6em;text-align:left}img,i,.btn,.modal,footer{display:none}</style>"
)
_LOADED_FROM_OUTSIDE = re.compile(
    r"<script\b.*?</script>|<iframe\b.*?</iframe>|<(?:link|img)\b[^>]*https?://[^>]*>|url\(['\"]?https?://[^)]*\)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class Batch:
    """Rows that are held against expectations, under a name that readers see."""

    name: str
    frame: pd.DataFrame
    expectations: tuple[Expectation, ...]


@dataclass(frozen=True)
class Outcome:
    """How one expectation of a batch came out: `unexpected` rows of `rows` broke it."""

    batch: str
    says: str
    severity: str
    met: bool
    rows: int
    unexpected: int


def hold_up(batches: list[Batch], docs: Path, title: str, made_up: str = "") -> list[Outcome]:
    """Hold every batch against its expectations, and write Data Docs into `docs`, under this title,
    in place of what was there.

    `made_up` is the banner of made-up data; it stands on every page.

    Raises:
        ValueError: an expectation could not be worked out (its type or an argument is wrong).
    """
    # set here too, whatever the environment says: nothing is sent to anybody
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own, about its own dependencies
        import great_expectations as gx
        from great_expectations.core.run_identifier import RunIdentifier
        from great_expectations.data_context.types.base import ProgressBarsConfig

        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        source = context.data_sources.add_pandas("curated")
        run = RunIdentifier(run_name=docs.name)
        outcomes = [
            outcome for batch in batches for outcome in _hold_up(gx, context, source, batch, run)
        ]
        _write_docs(context, docs, title, outcomes, made_up)
    return outcomes


def _hold_up(gx: Any, context: Any, source: Any, batch: Batch, run: Any) -> list[Outcome]:
    expectations = [_made(gx, expectation) for expectation in batch.expectations]
    suite = context.suites.add(gx.ExpectationSuite(name=batch.name, expectations=expectations))
    rows = source.add_dataframe_asset(batch.name).add_batch_definition_whole_dataframe("rows")
    definition = context.validation_definitions.add(
        gx.ValidationDefinition(name=batch.name, data=rows, suite=suite)
    )
    result = definition.run(
        batch_parameters={"dataframe": batch.frame}, result_format=_COUNTS_ALONE, run_id=run
    )
    by_id = {
        one.id: expectation
        for one, expectation in zip(suite.expectations, batch.expectations, strict=True)
    }
    outcomes = []
    for one in result.results:
        expectation = by_id[one.expectation_config.id]
        raised = (one.exception_info or {}).get("raised_exception") is True or any(
            isinstance(info, dict) and info.get("raised_exception")
            for info in (one.exception_info or {}).values()
        )
        if raised:
            raise ValueError(
                f"{batch.name}: '{expectation.says}' could not be worked out. Check its type,"
                " columns and arguments in schemas/expectations."
            )
        unexpected = int(one.result.get("unexpected_count") or 0)
        outcomes.append(
            Outcome(
                batch.name,
                expectation.says,
                expectation.severity,
                bool(one.success),
                len(batch.frame),
                unexpected,
            )
        )
    return outcomes


def _made(gx: Any, expectation: Expectation) -> Any:
    """Great Expectations' object: `expect_column_values_to_be_between` is its
    ExpectColumnValuesToBeBetween.
    """
    kind = getattr(
        gx.expectations,
        "".join(
            word.capitalize() if word not in {"A", "B"} else word
            for word in expectation.type.split("_")
        ),
        None,
    )
    if kind is None:
        raise ValueError(
            f"There is no expectation '{expectation.type}'; one of Great Expectations' was"
            " expected. Check its name in schemas/expectations."
        )
    return kind(
        **expectation.arguments, description=expectation.says, severity=expectation.severity
    )


def _write_docs(
    context: Any, docs: Path, title: str, outcomes: list[Outcome], made_up: str
) -> None:
    # beside the folder that is read, and then in its place
    making = docs.with_name(docs.name + ".making")
    shutil.rmtree(making, ignore_errors=True)
    store = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(making)}
    site = {
        "class_name": "SiteBuilder",
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        "store_backend": store,
    }
    context.add_data_docs_site(site_name="local", site_config=site)
    context.build_data_docs(site_names=["local"])
    for folder in ("images", "fonts"):
        shutil.rmtree(making / "static" / folder, ignore_errors=True)
    for page in making.rglob("*.html"):
        page.write_text(alone(page.read_text(encoding="utf-8")), encoding="utf-8")
    (making / "index.html").write_text(_first_page(title, outcomes, making), encoding="utf-8")
    for page in making.rglob("*.html") if made_up else ():
        text = page.read_text(encoding="utf-8")
        page.write_text(
            re.sub(
                r"<body\b[^>]*>",
                lambda body: f"{body.group()}<p><strong>{escape(made_up)}</strong></p>",
                text,
                count=1,
            ),
            encoding="utf-8",
        )
    shutil.rmtree(docs, ignore_errors=True)
    making.rename(docs)


def _first_page(title: str, outcomes: list[Outcome], docs: Path) -> str:
    """One row a batch: how many expectations are met, what is not so, and the pages that say it in
    full.
    """
    rows = []
    for batch in dict.fromkeys(outcome.batch for outcome in outcomes):
        of_batch = [outcome for outcome in outcomes if outcome.batch == batch]
        unmet = "".join(
            f"<li>{escape(o.says)} {o.unexpected} of {o.rows} rows ({o.severity}).</li>"
            for o in of_batch
            if not o.met
        )
        page = next((docs / "validations" / batch).rglob("*.html")).relative_to(docs).as_posix()
        rows.append(
            '<tr><th scope="row"><a'
            f' href="{escape(quote(page))}">{escape(batch)}</a></th><td>{of_batch[0].rows}</td>'
            f"<td>{sum(o.met for o in of_batch)} of"
            f" {len(of_batch)}</td><td>{f'<ul>{unmet}</ul>' if unmet else 'as expected'}</td></tr>"
        )
    head = (
        '<tr><th scope="col">Table</th><th scope="col">Rows</th><th scope="col">Expectations'
        ' met</th><th scope="col">What is not so</th></tr>'
    )
    return (
        f'<!doctype html><html lang="en"><head>{_POLICY}<meta'
        f' charset="utf-8"><title>{escape(title)}</title></head><body><h1>{escape(title)}</h1>'
        "<p>What readers may expect of each table, held against its rows. A warning asks for a look"
        " at what was returned; it may be true. The pages "
        "hold counts of rows, and no"
        f" row.</p><table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table></body></html>\n"
    )


def alone(page: str) -> str:
    """The page without anything that a browser would load from elsewhere, and with a policy that
    forbids it.
    """
    return re.sub(
        r"<head\b[^>]*>",
        lambda head: head.group() + _POLICY,
        _LOADED_FROM_OUTSIDE.sub("", page),
        count=1,
    )
