"""DfE's public statistics API: the connector gives what the file gives, waits and tries again, and
takes nothing half.
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from assets.intake.fetching import fetch
from resources.errors import ObservatoryError
from resources.landing import LandingPlace
from resources.statistics_api import StatisticsApi
from tests.unit.at_the_door import held_up

DATE = dt.date(2025, 12, 31)
DATA_SET = "b5f8a2c0-0000-4000-8000-000000000002"


@pytest.fixture(scope="module")
def stub(shared: Path) -> Iterator[str]:
    """The address of the stand-in for DfE's service, on a free port."""
    program = [sys.executable, str(shared / "samples" / "dfe" / "api_stub" / "stub.py"), "0"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        yield served.stdout.readline().strip()
        served.terminate()


@pytest.fixture
def place(tmp_path: Path) -> LandingPlace:
    return LandingPlace(str(tmp_path))


def written(place: LandingPlace) -> list[Path]:
    return sorted(path for path in Path(place.address).rglob("*") if path.is_file())


def rows_at_the_door(data: bytes) -> pd.DataFrame:
    rows = held_up(data, sender="dfe").rows.drop(columns=["row_number", "submission_id"])
    return rows.sort_values(list(rows.columns), ignore_index=True)


@pytest.mark.parametrize(
    ("version", "file"),
    [
        ("", "dfe_2025_release/cla_number_and_rate_per_10k_children.csv"),
        ("@2.*", "dfe_2025_release/cla_number_and_rate_per_10k_children.csv"),
        ("@1.0", "api_stub/v1_0__cla_number_and_rate_november_2024.csv"),
    ],
    ids=["the newest version", "the newest of a major one", "an earlier version"],
)
def test_the_api_and_the_file_give_the_same_rows(stub, place, shared, version, file):
    with StatisticsApi(stub, page_size=1000) as api:  # three pages
        (one,) = fetch(api, place, DATE, [DATA_SET + version])
    (path,) = written(place)
    assert path == Path(place.address) / "2025-12-31" / "dfe" / one.name
    assert one.is_new
    made = rows_at_the_door(path.read_bytes())
    assert len(made) == 2505
    pd.testing.assert_frame_equal(
        made, rows_at_the_door((shared / "samples" / "dfe" / file).read_bytes())
    )
    assert {"c", "z"} <= set(made["figure_count"])


def test_what_is_there_already_is_not_written_again_and_renamed_columns_are_told(stub, place):
    said: list[str] = []
    with StatisticsApi(stub) as api:
        fetch(api, place, DATE, [DATA_SET], said.append)
        (before,) = written(place)
        moment = before.stat().st_mtime_ns
        (again,) = fetch(api, place, DATE, [DATA_SET])
    assert not again.is_new and before.stat().st_mtime_ns == moment
    assert any("renamed or given up: population_count, number" in sentence for sentence in said)


def test_the_command_finds_data_sets_and_fetches_those_of_the_settings(stub, tmp_path, monkeypatch):
    from pipelines.command.fetch import command

    monkeypatch.setenv("OBSERVATORY_STATISTICS_API", stub)
    monkeypatch.setenv("OBSERVATORY_LANDING", str(tmp_path))
    found = CliRunner().invoke(command, ["--find", "looked after"], catch_exceptions=False)
    assert found.output.startswith(DATA_SET) and "2505 rows" in found.output
    monkeypatch.setenv("OBSERVATORY_STATISTICS_DATA_SETS", DATA_SET)
    done = CliRunner().invoke(command, ["2025-12-31"], catch_exceptions=False)
    assert "written: 2025-12-31/dfe/" in done.output and done.output.endswith(
        "Next: observatory run\n"
    )


@pytest.mark.parametrize(
    "data_set", ["b5f8a2c0-0000-4000-8000-000000000009", f"{DATA_SET}@7.0", "../publications"]
)
def test_a_data_set_or_version_that_is_not_there_is_said(stub, place, data_set):
    with (
        StatisticsApi(stub) as api,
        pytest.raises(ObservatoryError, match=r"HTTP 404.*Not Found.*identifier and version"),
    ):
        fetch(api, place, DATE, [data_set])
    assert written(place) == []


# --- a service that misbehaves
# -----------------------------------------------------------------------

VERSION = {
    "version": "1.0",
    "published": "2025-11-20T09:30:00+00:00",
    "totalResults": 2,
    "type": "Major",
}
META = {
    "filters": [
        {
            "id": "f",
            "column": "population_type",
            "options": [{"id": "o", "label": "Children looked after on 31 March each year"}],
        }
    ],
    "indicators": [{"id": "i", "column": "children_count"}],
    "locations": [
        {
            "level": {"code": "NAT"},
            "options": [{"id": "n", "label": "England", "code": "E92000001"}],
        }
    ],
}
ROW = {
    "timePeriod": {"code": "RY", "period": "2025"}, "geographicLevel": "NAT", "locations": {"NAT": "n"}, "filters": {"f": "o"}, "values": {"i": "c"},
}  # fmt: skip
PAGE = {"paging": {"page": 1, "totalResults": 2, "totalPages": 2}, "results": [ROW], "warnings": []}
ANSWERS = {
    "": {"title": "Numbers", "latestVersion": VERSION}, "versions/1.0": VERSION, "versions/1.0/changes": {}, "meta": META, "query": PAGE,
}  # fmt: skip


class Service:
    """A service of two rows on two pages, whose answers a test changes: `answer(path, number)`
    gives status and body, or None.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answer: Callable[[str, int], tuple[int, object] | None] = lambda path, number: None
        service = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None: ...

            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                path = self.path.partition("data-sets/x")[2].strip("/").partition("?")[0]
                service.asked.append(path)
                status, body = service.answer(path, service.asked.count(path)) or (
                    200,
                    ANSWERS[path],
                )
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                if status == 429:
                    self.send_header("Retry-After", "0")
                self.end_headers()
                self.wfile.write(data)

            do_POST = do_GET  # noqa: N815 - the library's name

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.server.shutdown()
    made.server.server_close()


def fetched(service: Service, place: LandingPlace, *data_sets: str) -> None:
    with StatisticsApi(service.address, backoff=0.001) as api:
        fetch(api, place, DATE, data_sets or ["x"])


def test_a_small_service_is_read_whole(service, place):
    fetched(service, place)
    lines = written(place)[0].read_text(encoding="utf-8").splitlines()
    assert (
        lines[1]
        == "2025,Reporting year,National,E92000001,England,,,,,,Children looked after on 31 March"
        " each year,c"
    )
    assert len(lines) == 3 and service.asked.count("query") == 2


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_where_the_service_is_out_for_a_while_it_is_asked_again(service, place, status):
    service.answer = lambda path, number: (
        (status, {}) if path == "query" and number in (2, 3) else None
    )
    fetched(service, place)
    assert len(written(place)) == 1 and service.asked.count("query") == 4


@pytest.mark.parametrize(("status", "why"), [(429, "asks to wait"), (503, "is out of order")])
def test_where_it_stays_out_that_is_said_and_nothing_is_written(service, place, status, why):
    service.answer = lambda path, number: (status, {}) if path == "query" and number > 1 else None
    with pytest.raises(
        ObservatoryError,
        match=(
            rf"{why} \(HTTP {status}\), after 6 tries still. Nothing was written. Try again later"
        ),
    ):
        fetched(service, place)
    assert written(place) == []


WRONG = {
    "a warning": (lambda page: {**page, "warnings": [{"code": "LocationsNotFound", "message": "One or more locations could not be found."}]},
                  r"carries a warning: One or more locations could not be found. \(LocationsNotFound\)"),
    "debug mode": (lambda page: {**page, "warnings": [{"code": "DebugEnabled", "message": "Debug."}]}, "carries a warning"),
    "a row too few": (lambda page: {**page, "results": []}, "has 2 rows, and 0 were given"),
    "another number of rows": (lambda page: {**page, "paging": {**page["paging"], "totalResults": 3}}, "has 2 rows, and 3 were given"),
    "an option that is not known": (lambda page: {**page, "results": [{**ROW, "filters": {"f": "p"}}]}, "has a row with 'p'"),
    "a period that is not known": (lambda page: {**page, "results": [{**ROW, "timePeriod": {"code": "W1", "period": "2025"}}]}, "row with 'W1'"),
    "no JSON": (lambda page: b"<html>", "no JSON object"),
}  # fmt: skip


@pytest.mark.parametrize("kind", WRONG)
def test_an_answer_that_may_lack_rows_is_a_failure_and_nothing_is_written(service, place, kind):
    change, said = WRONG[kind]
    service.answer = lambda path, number: (200, change(PAGE)) if path == "query" else None
    with pytest.raises(ObservatoryError, match=said):
        fetched(service, place)
    assert written(place) == []


def test_where_one_data_set_fails_none_is_written(service, place):
    service.answer = lambda path, number: (
        (404, {"title": "Not Found"}) if path == "" and number == 2 else None
    )
    with pytest.raises(ObservatoryError, match="HTTP 404"):
        fetched(service, place, "x", "x")
    assert written(place) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"supersedingDataSetId": "y"}, "superseded by y"),
        ({"latestVersion": VERSION, "withdrawn": "2025-12-01"}, ""),
    ],
    ids=["superseded", "as it is"],
)
def test_a_superseded_data_set_is_not_taken(service, place, changed, said):
    service.answer = lambda path, number: (200, {**ANSWERS[""], **changed}) if path == "" else None
    if not said:
        fetched(service, place)
        return
    with pytest.raises(ObservatoryError, match=said):
        fetched(service, place)


def test_a_withdrawn_version_is_not_taken(service, place):
    service.answer = lambda path, number: (
        (200, {**VERSION, "withdrawn": "2025-12-01"}) if path == "versions/1.0" else None
    )
    with pytest.raises(ObservatoryError, match="withdrawn on 2025-12-01"):
        fetched(service, place)


def test_where_nobody_answers_that_is_said(service, place):
    address = service.address
    service.server.shutdown()
    service.server.server_close()
    with (
        StatisticsApi(address, backoff=0.001) as api,
        pytest.raises(ObservatoryError, match=r"did not answer \(no connection\)"),
    ):
        fetch(api, place, DATE, ["x"])


@pytest.mark.parametrize(
    "address", ["http://api.education.gov.uk", "ftp://x", "api.education.gov.uk", ""]
)
def test_only_a_safe_address_is_asked(address):
    with pytest.raises(ObservatoryError, match="https:// address was expected"):
        StatisticsApi(address)


def test_without_a_data_set_it_says_how_to_find_one(place):
    with StatisticsApi() as api, pytest.raises(ObservatoryError, match="--find"):
        fetch(api, place, DATE, [])


def test_real_statistics_do_not_go_among_made_up_returns_or_through_links(service, tmp_path):
    (tmp_path / "made up").mkdir()
    (tmp_path / "made up" / ".made-up").write_text("made up\n", encoding="utf-8")
    with pytest.raises(ObservatoryError, match="holds made-up returns"):
        fetched(service, LandingPlace(str(tmp_path / "made up")))
    (tmp_path / "linked" / "2025-12-31").mkdir(parents=True)
    (tmp_path / "linked" / "2025-12-31" / "dfe").symlink_to(tmp_path)
    with pytest.raises(ObservatoryError, match="no link is followed"):
        fetched(service, LandingPlace(str(tmp_path / "linked")))


def test_the_job_fetches_the_data_sets_of_the_settings(service, tmp_path, monkeypatch):
    from pipelines.jobs import fetch_official_statistics
    from resources.observatory import Observatory
    from resources.settings import settings_from_environment

    monkeypatch.setenv("OBSERVATORY_STATISTICS_API", service.address)
    monkeypatch.setenv("OBSERVATORY_STATISTICS_DATA_SETS", "x")
    monkeypatch.setenv("OBSERVATORY_LANDING", str(tmp_path))
    observatory = Observatory(settings_from_environment(), None)  # type: ignore[arg-type]
    done = fetch_official_statistics.execute_in_process(
        partition_key="2025-12-31", resources={"observatory": observatory}
    )
    assert done.success
    assert [path.parent.name for path in written(LandingPlace(str(tmp_path)))] == ["dfe"]
