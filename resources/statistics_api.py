"""DfE's public statistics API (Explore education statistics, v1): a data set, read whole, as the
rows of its file.

Belongs here: asking, paging, waiting and trying again, and what a wrong answer is.
Does not belong here: where the rows go (`assets/intake/fetching`), what they mean (the layouts).

Values are what was published, symbols included. An answer that may lack rows is no answer: a
warning, another version in the middle of the pages, fewer rows than the version has. Nothing of it
is given then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from resources.errors import ObservatoryError
from resources.settings import STATISTICS_API

TRIES = 5
"""Times that a request is tried again while the service is out or asks to wait."""
PAGE_SIZE = 10_000
"""Rows a page: the most that the service gives."""
MOST_ROWS = 5_000_000
"""A data set of more rows is none of ours."""

_PASSING = (429, 500, 502, 503, 504)
_SECONDS = (10, 120)
_PLACE_COLUMNS = (
    "country_code", "country_name", "region_code", "region_name", "old_la_code", "la_name",
    "new_la_code",
)  # fmt: skip
_LEVELS = {"NAT": "National", "REG": "Regional", "LA": "Local authority"}
_PERIODS = {
    "AY": "Academic year", "CY": "Calendar year", "FY": "Financial year", "RY": "Reporting year",
}  # fmt: skip


@dataclass(frozen=True)
class Version:
    """One version of a data set: its number, when it was published, and its number of rows."""

    data_set: str
    title: str
    number: str
    published: str
    rows: int
    kind: str = ""
    notes: str = ""


@dataclass(frozen=True)
class Meta:
    """What the identifiers of a version's rows stand for.

    `filters` and `indicators` are columns by identifier, in the service's order; `options` labels
    by filter and option; `places` the columns that say where, by level and place.
    """

    filters: dict[str, str]
    options: dict[str, dict[str, str]]
    indicators: dict[str, str]
    places: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)

    @property
    def header(self) -> list[str]:
        """The columns of the data set's file."""
        fixed = ["time_period", "time_identifier", "geographic_level", *_PLACE_COLUMNS]
        return [*fixed, *self.filters.values(), *self.indicators.values()]


class StatisticsApi:
    """The service at `address`. `backoff` is the pause before the second try, in seconds; each next
    one is twice as long.

    Every method raises ObservatoryError where the service does not answer, or answers something
    that must not be taken for the data set.
    """

    def __init__(
        self, address: str = STATISTICS_API, *, page_size: int = PAGE_SIZE, backoff: float = 1.0
    ) -> None:
        self._address = address.rstrip("/")
        parts = urlsplit(self._address)
        # to this machine itself nothing goes over a network
        is_here = parts.hostname in {"localhost", "127.0.0.1", "::1"}
        if (
            not parts.hostname
            or parts.scheme != "https"
            and not (is_here and parts.scheme == "http")
        ):
            raise ObservatoryError(
                f"The address of the statistics service is '{address}'. An https:// address was "
                "expected; correct OBSERVATORY_STATISTICS_API, or leave it out for DfE's own."
            )
        self._page_size = page_size
        again = Retry(
            total=TRIES, backoff_factor=backoff, status_forcelist=_PASSING,
            # no redirection is followed: the address is the one that was checked
            allowed_methods={"GET", "POST"}, raise_on_status=False, redirect=0,
        )  # fmt: skip
        self._session = requests.Session()
        self._session.mount(f"{parts.scheme}://", HTTPAdapter(max_retries=again))

    def __enter__(self) -> StatisticsApi:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    # --- what there is --------------------------------------------------------------------------

    def found(self, words: str) -> Iterator[Version]:
        """The data sets of the publications whose title says these words (three letters or more)."""
        for publication in self._pages("publications", search=words):
            for one in self._pages(f"publications/{quote(publication['id'], safe='')}/data-sets"):
                yield _version(one["id"], one["title"], one["latestVersion"])

    def version(self, data_set: str, wanted: str = "") -> Version:
        """The version `wanted` of a data set (`2.0`, or `2.*` for the newest of 2), else the
        newest.
        """
        about = self._get(f"data-sets/{quote(data_set, safe='')}")
        if by := about.get("supersedingDataSetId"):
            raise ObservatoryError(
                f"The data set {data_set} ({about['title']}) has been superseded by {by}. Put that"
                " identifier in its place in the settings."
            )
        latest = about["latestVersion"]
        number = wanted or latest["version"]
        one = self._get(f"data-sets/{quote(data_set, safe='')}/versions/{quote(number, safe='*')}")
        if one.get("withdrawn"):
            raise ObservatoryError(
                f"Version {one['version']} of the data set {data_set} ({about['title']}) has been "
                f"withdrawn on {one['withdrawn']}. Ask for another version of it."
            )
        return _version(data_set, about["title"], one)

    def renamed(self, version: Version) -> list[str]:
        """The columns that a version has given up or renamed since the one before; none for the
        first.
        """
        path = f"data-sets/{quote(version.data_set, safe='')}/versions/{version.number}/changes"
        major = self._get(path).get("majorChanges", {})
        gone = [
            change["previousState"]
            for kind in ("filters", "indicators")
            for change in major.get(kind) or []
        ]
        return [str(state.get("column") or state.get("label")) for state in gone]

    # --- the rows -------------------------------------------------------------------------------

    def rows(self, version: Version) -> tuple[list[str], list[list[str]]]:
        """Header and rows of a version, as in its file (in the service's order)."""
        meta = self._meta(version)
        path = f"data-sets/{quote(version.data_set, safe='')}/query?dataSetVersion={version.number}"
        rows: list[list[str]] = []
        page, pages = 1, 1
        while page <= pages:
            # page by page, until as many have come as the first one says there are
            answer = self._ask("POST", path, {"page": page, "pageSize": self._page_size})
            _refuse_warnings(answer, version)
            paging = answer["paging"]
            pages = int(paging["totalPages"])
            if int(paging["totalResults"]) != version.rows or version.rows > MOST_ROWS:
                raise _not_whole(version, int(paging["totalResults"]))
            rows += [_row(result, meta, version) for result in answer["results"]]
            page += 1
        # pages that changed while they were read would give too few rows, or too many
        if len(rows) != version.rows:
            raise _not_whole(version, len(rows))
        return meta.header, rows

    def _meta(self, version: Version) -> Meta:
        path = f"data-sets/{quote(version.data_set, safe='')}/meta?dataSetVersion={version.number}"
        meta = self._get(path)
        places = {
            group["level"]["code"]: {
                o["id"]: _place(group["level"]["code"], o) for o in group["options"]
            }
            for group in meta["locations"]
        }
        return Meta(
            filters={f["id"]: f["column"] for f in meta["filters"]},
            options={f["id"]: {o["id"]: o["label"] for o in f["options"]} for f in meta["filters"]},
            indicators={i["id"]: i["column"] for i in meta["indicators"]},
            places=places,
        )

    # --- asking ---------------------------------------------------------------------------------

    def _pages(self, path: str, **query: str) -> Iterator[dict[str, Any]]:
        page, pages = 1, 1
        while page <= pages:
            words = "&".join(f"{k}={quote(v)}" for k, v in {**query, "page": str(page)}.items())
            answer = self._get(f"{path}?{words}")
            pages = int(answer["paging"]["totalPages"])
            yield from answer["results"]
            page += 1

    def _get(self, path: str) -> dict[str, Any]:
        return self._ask("GET", path)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        url = f"{self._address}/{path}"
        try:
            answer = self._session.request(
                # a redirection is refused below like any other answer
                method,
                url,
                json=body,
                timeout=_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise ObservatoryError(
                f"The statistics service at {self._address} did not answer ({_in_short(error)}); it"
                f" was asked {TRIES + 1} times. Nothing was written. Try again later."
            ) from None
        if answer.status_code in _PASSING:
            why = "asks to wait" if answer.status_code == 429 else "is out of order"
            raise ObservatoryError(
                f"The statistics service at {self._address} {why} (HTTP {answer.status_code}),"
                f" after {TRIES + 1} tries still. Nothing was written. Try again later."
            )
        if answer.status_code != 200:
            raise ObservatoryError(
                f"The statistics service refused {method} {path.split('?')[0]} (HTTP "
                f"{answer.status_code}): {_problem(answer)}. Nothing was written. Check the data "
                "set's identifier and version in the settings."
            )
        try:
            page = answer.json()
        except ValueError:
            page = None
        if not isinstance(page, dict):
            raise ObservatoryError(
                f"The statistics service at {self._address} answered something that is no JSON "
                "object. Nothing was written. Check OBSERVATORY_STATISTICS_API."
            )
        return page


def _version(data_set: str, title: str, answer: dict[str, Any]) -> Version:
    return Version(
        data_set, title, str(answer["version"]), str(answer["published"])[:10], int(answer["totalResults"]),
        str(answer.get("type") or ""), str(answer.get("notes") or ""),
    )  # fmt: skip


def _place(level: str, option: dict[str, str]) -> dict[str, str]:
    """The columns of a file that say where, of a place of one level."""
    names = {
        "NAT": {"country_code": "code", "country_name": "label"},
        "REG": {"region_code": "code", "region_name": "label"},
        "LA": {"new_la_code": "code", "old_la_code": "oldCode", "la_name": "label"},
    }.get(level, {})
    return {column: option.get(key, "") or "" for column, key in names.items()}


def _row(result: dict[str, Any], meta: Meta, version: Version) -> list[str]:
    """A result as a row of the file.

    Raises:
        ObservatoryError: an identifier in it stands for nothing that the version knows.
    """
    try:
        period = result["timePeriod"]
        places: dict[str, str] = {}
        for level, place in result["locations"].items():
            places |= meta.places[level][place]
        fixed = [
            _compact(period["period"]),
            _PERIODS[period["code"]],
            _LEVELS[result["geographicLevel"]],
        ]
        filters = [meta.options[one][result["filters"][one]] for one in meta.filters]
        values = [str(result["values"][one]) for one in meta.indicators]
    except KeyError as missing:
        raise ObservatoryError(
            f"The data set {version.data_set} ({version.title}), version {version.number}, has a"
            f" row with {missing}, which its description does not have. Nothing was written. Take"
            " DfE's file instead, and tell the engineers."
        ) from None
    return [*fixed, *(places.get(column, "") for column in _PLACE_COLUMNS), *filters, *values]


def _compact(period: str) -> str:
    """A period as files write it: 2025, and 202425 for 2024/2025."""
    first, _, last = period.partition("/")
    return first + last[-2:]


def _refuse_warnings(answer: dict[str, Any], version: Version) -> None:
    """A warning says that something asked for is not known, and that the rows are fewer."""
    if warnings := answer.get("warnings"):
        text = "; ".join(f"{w.get('message', '')} ({w.get('code', '')})" for w in warnings)
        raise ObservatoryError(
            f"The answer for the data set {version.data_set} ({version.title}) carries a warning: "
            f"{text}. Rows may be missing, so nothing was written. Try again; if it stays, take "
            "DfE's file instead."
        )


def _not_whole(version: Version, rows: int) -> ObservatoryError:
    return ObservatoryError(
        f"The data set {version.data_set} ({version.title}), version {version.number}, has "
        f"{version.rows} rows, and {rows} were given. All of them were expected; nothing was "
        "written. Try again later."
    )


def _problem(answer: requests.Response) -> str:
    """What the service says is wrong, in short."""
    try:
        body = answer.json()
    except ValueError:
        return answer.reason or "no reason was given"
    errors = body.get("errors") if isinstance(body, dict) else None
    if errors and isinstance(errors, list):
        return "; ".join(f"{e.get('message', '')} ({e.get('path', '')})" for e in errors)
    return str(body.get("title") or answer.reason) if isinstance(body, dict) else str(answer.reason)


def _in_short(error: requests.RequestException) -> str:
    """What went wrong, without the addresses and objects that the library's words are full of."""
    if isinstance(error, requests.Timeout):
        return "no answer came in time"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return type(error).__name__
