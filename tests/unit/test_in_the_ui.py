"""What Dagster's UI shows: runs of the command under their job, checks quarter by quarter, and what
a published table is read from.
"""

from __future__ import annotations

import datetime as dt
import re
import socket

import dagster as dg
import pytest

import assets.intake.assets as shells
from assets.access.erasure import Erased
from assets.publication.tables import PUBLISHED_TABLES
from assets.warehouse.assets import _offending, _pages
from assets.warehouse.building import CheckResult, all_checks, run_checks
from assets.warehouse.failing import failing_page, renew_pages, write_failing
from pipelines.command.erase import _rewrite
from pipelines.definitions import build_definitions
from pipelines.guard import Guard, Names, Session
from pipelines.history import LOCATION, under_its_job
from pipelines.instance import dagster_instance
from pipelines.jobs import range_tags
from pipelines.partitions import quarters
from pipelines.web import Served, listen, with_pages_of_the_home
from resources.links import link
from resources.settings import Settings
from resources.warehouse import Warehouse

QUARTERS = ["2025-03-31", "2025-06-30", "2025-09-30"]
TOTALS = dg.AssetCheckKey(dg.AssetKey("figures"), "totals")
SPEC = dg.AssetCheckSpec("totals", asset="figures", partitions_def=quarters)


def job_of_a_check() -> dg.JobDefinition:
    @dg.multi_asset(
        specs=[dg.AssetSpec("figures")],
        check_specs=[SPEC],
        partitions_def=quarters,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def figures(context):
        passed = {quarter: quarter != "2025-06-30" for quarter in context.partition_keys}
        yield dg.MaterializeResult("figures")
        shells.told_by_quarter(
            context, SPEC, passed, {"2025-06-30": {"offending_rows": 3}}, dg.AssetCheckSeverity.WARN
        )
        yield dg.AssetCheckResult(
            asset_key="figures",
            check_name="totals",
            passed=all(passed.values()),
            severity=dg.AssetCheckSeverity.WARN,
        )

    job = dg.define_asset_job("look", selection="*")
    return dg.Definitions(
        assets=[figures], jobs=[job], executor=dg.in_process_executor
    ).resolve_job_def("look")


def checks_shown(
    instance: dg.DagsterInstance, keys: list[dg.AssetCheckKey]
) -> dict[dg.AssetCheckKey, dict[str, str]]:
    """What the UI shows of checks by partition: only what was told of the newest materialization."""
    shown: dict[dg.AssetCheckKey, dict[str, str]] = {key: {} for key in keys}
    for info in instance.event_log_storage.get_asset_check_partition_info(keys):
        if info.partition_key and info.is_current:
            shown[info.check_key][info.partition_key] = info.latest_execution_status.value
    return shown


@pytest.fixture
def instance(tmp_path, monkeypatch):
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    with dagster_instance(
        Settings(tmp_path / "home", str(tmp_path / "landing"), "", "north_west")
    ) as made:
        yield made


def test_a_check_of_a_range_of_quarters_is_told_quarter_by_quarter(instance):
    job_of_a_check().execute_in_process(
        instance=instance,
        tags=range_tags(dt.date(2025, 3, 31), dt.date(2025, 9, 30)),
        raise_on_error=False,
    )
    history = instance.event_log_storage.get_asset_check_execution_history(TOTALS, limit=10)
    told = {record.partition: record.status.value for record in history if record.partition}
    assert told == dict.fromkeys(QUARTERS, "SUCCEEDED") | {"2025-06-30": "FAILED"}


@pytest.mark.parametrize(
    "tags",
    [range_tags(dt.date(2025, 3, 31), dt.date(2025, 9, 30)), {"dagster/partition": "2025-06-30"}],
    ids=["a range", "one partition"],
)
def test_a_partitions_checks_are_shown_as_passed_or_failed(instance, tags):
    """The UI shows nothing of a check that was not told of a partition's newest materialization."""
    job_of_a_check().execute_in_process(instance=instance, tags=tags, raise_on_error=False)
    shown = checks_shown(instance, [TOTALS])[TOTALS]
    assert shown["2025-06-30"] == "FAILED"
    assert len(tags) == 1 or shown == dict.fromkeys(QUARTERS, "SUCCEEDED") | {
        "2025-06-30": "FAILED"
    }


def test_a_run_of_the_command_is_on_the_timeline_under_its_job(instance):
    with under_its_job(instance, "look"):
        done = job_of_a_check().execute_in_process(
            instance=instance, tags=range_tags(dt.date(2025, 3, 31), dt.date(2025, 3, 31))
        )
    origin = instance.get_run_by_id(done.run_id).remote_job_origin
    assert (origin.job_name, origin.location_name) == ("look", LOCATION)
    assert "remote_job_origin" not in str(instance.create_run_for_job), "and it is as it was"


@pytest.fixture(scope="module")
def definitions(tmp_path_factory) -> dg.Definitions:
    home = tmp_path_factory.mktemp("home")
    return build_definitions(Settings(home, str(home / "landing"), "", "north_west"))


def test_every_check_of_a_partitioned_asset_is_partitioned(definitions):
    graph = definitions.resolve_asset_graph()
    whole = [
        str(key)
        for key in graph.asset_check_keys
        if graph.get(key.asset_key).is_partitioned and graph.get(key).partitions_def is None
    ]
    assert whole == []


@pytest.mark.parametrize("table", PUBLISHED_TABLES, ids=lambda table: table.name)
def test_a_published_table_knows_every_table_that_it_is_read_from(definitions, table):
    graph = definitions.resolve_asset_graph()
    known = {
        ".".join(key.path) for key in graph.get(dg.AssetKey(["draft", table.name])).parent_keys
    }
    said = {
        f"{schema}.{name}"
        for schema, name in re.findall(r"\b(staging|core|curated)\.([a-z_0-9]+)", repr(table))
    }
    assert known == said | {f"curated.{table.reads}", "core.authority"}


def test_a_failed_check_names_the_keys_and_how_to_see_the_rows_but_no_child(
    embedded_warehouse: Warehouse,
):
    date = dt.date(2025, 3, 31)
    twice = "insert into {} (census_date, {}) values ('2025-03-31', '{}'), ('2025-03-31', '{}')"
    with embedded_warehouse.engine.begin() as connection:
        connection.exec_driver_sql(
            twice.format("core_rows.authority", "authority_code", "356", "356")
        )
        connection.exec_driver_sql(
            twice.format("core_rows.child", "child_key", "a pseudonym", "a pseudonym")
        )
        found = {
            (one.table, one.name): one
            for one in run_checks(connection, date, {("core", "authority"), ("core", "child")})
        }
    authority, child = found["core.authority", "grain"], found["core.child", "grain"]
    assert (authority.offending, authority.keys[0]["authority_code"]) == (1, "356")
    assert (child.offending, child.keys) == (1, ())
    check = next(
        one for one in all_checks() if one.checks == "core.authority" and one.name == "grain"
    )
    told = _offending(
        check,
        {
            "2025-03-31": authority,
            "2025-06-30": CheckResult("core.authority", "grain", True, "", 0),
        },
        {},
    )
    assert told["offending_rows"] == 1 and [
        record.data for record in told["offending_keys"].records
    ] == [authority.keys[0]]
    assert (
        "'2025-03-31'" in told["see_the_rows"].value
        and ":census_date" not in told["see_the_rows"].value
    )


def asked(served: Served, address: str, *headers: str) -> tuple[int, str]:
    """The status and text that a browser gets at an address."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as line:
        lines = [
            f"GET {address} HTTP/1.1",
            f"Host: 127.0.0.1:{served.port}",
            "Connection: close",
            *headers,
            "",
            "",
        ]
        line.sendall("\r\n".join(lines).encode())
        head, _, body = b"".join(iter(lambda: line.recv(65536), b"")).partition(b"\r\n\r\n")
    return int(head.split()[1]), (head + body).decode()


async def _dagsters(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"Dagster's"})


def test_a_failed_check_links_to_a_page_of_its_rows_that_only_the_browser_let_in_may_open(tmp_path):
    settings = Settings(tmp_path / "home", str(tmp_path / "landing"), "", "north_west")
    check = next(
        one for one in all_checks() if one.checks == "core.authority" and one.name == "grain"
    )
    keys = tuple({"authority_code": f"<b>{n}</b>"} for n in range(30))
    failed = {
        "2025-03-31": CheckResult("core.authority", "grain", True, "", 30, keys),
        "2025-06-30": CheckResult("core.authority", "grain", True, "", 0),
    }
    told = _offending(check, failed, _pages(settings, check, failed))
    assert len(told["offending_keys"].records) == 20, "the history keeps the first ones"
    links = {name: value for name, value in told.items() if isinstance(value, dg.UrlMetadataValue)}
    assert list(links) == ["rows of 2025-03-31"]
    (page,) = settings.failing_rows.rglob("*.html")
    assert page.stat().st_mode & 0o077 == 0 and page.parent.stat().st_mode & 0o077 == 0
    (settings.home / "pseudonym.key").write_text("a secret of the home")
    listening = listen(0, "test", "--port")
    tokens: list[str] = []
    session = Session(listening.getsockname()[1], tokens.append)
    cookie = f"Cookie: {session.open(tokens[-1]).split(';')[0]}"
    app = with_pages_of_the_home(_dagsters, settings)
    served = Served(Guard(app, Names.of(listening.getsockname()[1]), session), listening).start()
    try:
        address = links["rows of 2025-03-31"].value
        status, text = asked(served, address, cookie)
        assert status == 200 and all(f"<td>&lt;b&gt;{n}&lt;/b&gt;</td>" in text for n in range(30))
        assert "default-src 'none'" in text and "no-store" in text
        assert asked(served, address)[0] == 401, "nobody else"
        for elsewhere in (
            "/observatory/pseudonym.key",
            "/observatory/failing_rows/../pseudonym.key",
            "/observatory/failing_rows/",
        ):
            status, text = asked(served, elsewhere, cookie)
            assert status == 404 and "a secret" not in text
        assert "Dagster's" in asked(served, "/runs", cookie)[1]
    finally:
        served.stop()
    assert (
        _pages(settings, check, {"2025-03-31": CheckResult("core.authority", "grain", True, "", 0)})
        == {}
    )
    assert not page.exists(), "the check passes"


def test_a_page_of_rows_about_children_names_none_and_links_lead_to_nothing_else(tmp_path):
    settings = Settings(tmp_path / "home", str(tmp_path / "landing"), "", "north_west")
    check = next(one for one in all_checks() if one.checks == "core.child" and one.name == "grain")
    (address,) = _pages(
        settings, check, {"2025-03-31": CheckResult("core.child", "grain", True, "", 2)}
    ).values()
    assert address == "/observatory/failing_rows/2025-03-31/core.child.grain.html"
    text = (settings.failing_rows / "2025-03-31" / "core.child.grain.html").read_text(
        encoding="utf-8"
    )
    assert "2 rows fail" in text and "not named" in text and "<td>" not in text
    with pytest.raises(ValueError, match="no folder that is shown"):
        link(settings.home / "stop_list.csv", settings)


def test_a_page_of_one_row_speaks_of_one(tmp_path):
    check = next(one for one in all_checks() if one.checks == "core.setting_return")
    one = CheckResult(check.checks, check.name, False, "", 1, ({"urn": "SC1"},))
    write_failing(tmp_path, "2025-03-31", check, one)
    text = failing_page(tmp_path, "2025-03-31", check).read_text(encoding="utf-8")
    assert "<p>One row fails. This is its key.</p>" in text and "<td>SC1</td>" in text


def test_no_page_of_failing_rows_outlasts_the_build_that_mends_them(tmp_path):
    """Nor one of a check that the program has no longer; of a closed quarter, which is checked no
    more, none stays; other quarters' pages do.
    """
    settings = Settings(tmp_path / "home", str(tmp_path / "landing"), "", "north_west")
    fails = [
        CheckResult("core.authority", "grain", True, "", 1),
        CheckResult("core.child", "grain", True, "", 1),
    ]
    passes = [CheckResult("core.authority", "grain", True, "", 0), fails[1]]

    def pages() -> list[str]:
        return sorted(
            str(page.relative_to(settings.failing_rows))
            for page in settings.failing_rows.rglob("*.html")
        )

    renew_pages(settings.failing_rows, "2025-03-31", fails)
    renew_pages(settings.failing_rows, "2025-06-30", fails[:1])
    (
        settings.failing_rows / "2025-03-31" / "core.authority.a_check_of_an_older_version.html"
    ).write_text("x")
    renew_pages(settings.failing_rows, "2025-03-31", passes)
    assert pages() == ["2025-03-31/core.child.grain.html", "2025-06-30/core.authority.grain.html"]
    renew_pages(settings.failing_rows, "2025-03-31", [])
    assert pages() == ["2025-06-30/core.authority.grain.html"]


def test_a_quarter_that_an_erasure_builds_anew_has_no_page_of_what_failed_before(
    embedded_warehouse: Warehouse, tmp_path
):
    """The next run finds it up to date and looks at it no more."""
    settings = Settings(tmp_path / "home", str(tmp_path / "landing"), "", "north_west")
    page = settings.failing_rows / "2025-03-31" / "core.authority.grain.html"
    page.parent.mkdir(parents=True)
    page.write_text("of before")
    _rewrite(embedded_warehouse, settings, Erased({}, [dt.date(2025, 3, 31)]))
    assert not page.exists()


@pytest.mark.parametrize(
    "table",
    [
        "raw/submission_table",
        "core/child",
        "curated/host_authority_occupancy",
        "curated/children_looked_after_projection",
    ],
)
def test_a_backfill_of_one_table_can_be_planned_with_its_checks(definitions, table):
    """As the UI asks for it: the asset, and the checks that stand on it and on no other."""
    repository = definitions.get_repository_def()
    key = dg.AssetKey(table.split("/"))
    whole = repository.get_implicit_global_asset_job_def()
    keys = (
        {key}
        if table != "raw/submission_table"
        else set(whole.asset_layer.asset_graph.get(key).execution_set_asset_keys)
    )
    chosen = whole.get_subset(asset_selection=keys)
    assert keys <= set(chosen.asset_layer.selected_asset_keys)
