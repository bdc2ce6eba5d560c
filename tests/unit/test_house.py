"""The house: a room knows only the rooms before it, everything is described once, and the location
shows every table.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assets.publication.tables import PUBLISHED_TABLES
from assets.warehouse.models import PYTHON_TABLES, models, raw_columns
from assets.warehouse.tables import RAW_DESCRIPTIONS, REFERENCE_TABLES
from schemas.fields import all_fields
from schemas.returns import return_tables

ROOT = Path(__file__).resolve().parents[2]
ROOMS = {
    "schemas": set(),
    "resources": {"schemas"},
    "assets": {"schemas", "resources"},
    "made_up": {"schemas", "resources"},  # beside the stages: the truth is worked out without them
    "pipelines": {"schemas", "resources", "assets", "made_up"},
}
"""Each room, and the rooms that it may know."""
STAGES = [
    "common",
    "warehouse",
    "intake",
    "access",
    "answering",
    "projection",
    "checks",
    "publication",
    "page",
]
"""The packages of `assets`: one stands on those before it. The warehouse is the ground; access
stands on it.
"""
PACKAGES = {"assets": STAGES, "made_up": ["world", "returns", "truth"]}
MODULES = sorted(path.relative_to(ROOT) for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """The packages that a module imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names.add(node.module or "")
            names |= {
                f"{node.module}.{alias.name}" for alias in node.names
            }  # it may be a module of the package
    return names


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_a_room_knows_only_the_rooms_before_it(path):
    others = {*ROOMS, "tests", "benchmarks"} - ROOMS[path.parts[0]] - {path.parts[0]}
    assert sorted(name for name in imported(path) if name.split(".")[0] in others) == []


@pytest.mark.parametrize("room", PACKAGES)
def test_every_package_of_a_room_has_its_place(room):
    assert {
        path.name for path in (ROOT / room).iterdir() if (path / "__init__.py").exists()
    } == set(PACKAGES[room])


@pytest.mark.parametrize(
    "path", [path for path in MODULES if path.parts[0] in PACKAGES and len(path.parts) > 2], ids=str
)
def test_a_package_knows_only_those_before_it(path):
    room, package = path.parts[:2]
    order = PACKAGES[room]
    later = {f"{room}.{name}" for name in order[order.index(package) + 1 :]}
    assert sorted(name for name in imported(path) if ".".join(name.split(".")[:2]) in later) == []


def test_no_files_import_each_other_in_a_circle():
    """However far round, and wherever in the file: an import that waits for a function to be called
    is one too.
    """
    names = {
        ".".join(path.with_suffix("").parts).removesuffix(".__init__"): path for path in MODULES
    }
    waiting = {name: (imported(path) & names.keys()) - {name} for name, path in names.items()}
    while free := {name for name, needs in waiting.items() if not needs}:
        waiting = {name: needs - free for name, needs in waiting.items() if name not in free}
    while unneeded := waiting.keys() - set().union(*waiting.values()):
        waiting = {name: needs for name, needs in waiting.items() if name not in unneeded}
    assert waiting == {}, "these wait for each other"


def test_a_warehouse_is_made_ready_where_it_is_opened_and_nowhere_else():
    """Else the next command forgets it, and meets tables that an older version made."""
    ready = {
        "assets/access/preparing.py",
        "pipelines/opening.py",
        "assets/access/backup.py",
    }  # a restored one is made ready where it stands
    by_hand = {str(path) for path in MODULES if "assets.access.preparing.prepare" in imported(path)}
    assert by_hand - ready == set()
    as_it_is = {
        "pipelines/opening.py",
        "pipelines/sensors.py",
        "pipelines/running.py",
        "pipelines/doctoring.py",
        "pipelines/command/restore.py",
    }
    openers = {
        str(path)
        for path in MODULES
        if path.parts[0] == "pipelines" and "resources.warehouse.open_warehouse" in imported(path)
    }
    assert openers == as_it_is


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_a_module_says_what_it_is_for(path):
    docstring = ast.get_docstring(ast.parse((ROOT / path).read_text(encoding="utf-8")))
    assert docstring and docstring.split("\n\n")[0].endswith((".", ":")), (
        "its docstring begins with a sentence"
    )


def test_dagster_stays_in_its_shells():
    """Plain functions run, and are tested, without Dagster."""
    shells = {"resources/observatory.py", "assets/common/dagster_tables.py"}
    with_dagster = {
        str(path)
        for path in MODULES
        if any(name.split(".")[0] == "dagster" for name in imported(path))
        and path.parts[0] != "pipelines"
    }
    assert {path for path in with_dagster if path.rsplit("/", 1)[-1] != "assets.py"} <= shells


# --- columns
# ---------------------------------------------------------------------------------------------

USED_BY = {
    **{
        f"return {t.name}": {c.field.name for c in t.columns} | {*t.warehouse_columns}
        for t in return_tables().values()
    },
    **{model.table: set(model.columns) for model in (*models().values(), *PYTHON_TABLES.values())},
    "published": {indicator.name for table in PUBLISHED_TABLES for indicator in table.indicators},
}


@pytest.mark.parametrize("model", models().values(), ids=lambda model: model.table)
def test_every_column_of_a_model_is_described(model):
    assert sorted(set(model.columns) - set(all_fields())) == []


def test_every_column_that_is_described_is_used():
    used = set().union(*USED_BY.values()) | {
        name for columns in raw_columns().values() for name in columns
    }
    assert sorted(set(all_fields()) - used) == []


def test_every_published_indicator_and_filter_is_described():
    published = {
        name
        for table in PUBLISHED_TABLES
        for name in (*table.filters, *(indicator.name for indicator in table.indicators))
    }
    assert sorted(published - set(all_fields())) == []


def test_every_table_of_raw_is_described():
    taken_in = {t.name for t in return_tables().values() if not t.leave_alone}
    assert set(raw_columns()) - taken_in == set(RAW_DESCRIPTIONS) > set(REFERENCE_TABLES)
    assert taken_in < set(raw_columns())


def test_what_the_tables_rest_on_is_the_same_in_every_process():
    """Sets are written in another order in every process: a state that held one had all views made
    anew by each command.
    """
    script = (
        "from assets.warehouse.tables import state; from schemas.regions import load_region;"
        " print(state(load_region('north_west')))"
    )
    states = {
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=True, cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(states) == 1 and "north_west" in states.pop()


# --- the location
# ------------------------------------------------------------------------------------------

# In an interpreter of its own: what is loaded must not depend on what other tests have loaded.
LOCATION = """
import json, sys, warnings
from pathlib import Path
warnings.simplefilter("ignore")
from pipelines.definitions import build_definitions, defs
import dagster as dg
dg.Definitions.validate_loadable(defs)
graph = defs.resolve_asset_graph()
specs = [graph.get(key) for key in graph.get_all_asset_keys()]
print(json.dumps({
    "assets": {key.to_user_string(): graph.get(key).description for key in graph.get_all_asset_keys()},
    "owned": sorted(node.key.to_user_string() for node in specs if node.owners),
    "grouped": sorted({node.group_name for node in specs}),
    "with_columns": sorted(node.key.to_user_string() for node in specs if "dagster/column_schema" in node.metadata),
    "without_partitions": sorted(node.key.to_user_string() for node in specs if node.partitions_def is None),
    "checks": sorted(f"{key.asset_key.to_user_string()}: {key.name}" for key in graph.asset_check_keys),
    "jobs": sorted(job.name for job in defs.jobs or []), "schedules": len(defs.schedules or []), "sensors": len(defs.sensors or []),
    "heavy": sorted({"great_expectations", "pandera", "duckdb", "statsmodels", "scipy"} & set(sys.modules)),
}))
"""


OUTSIDE = {"landing/returns", "outbox/answers", "page/site"}
"""What the graph shows besides tables: where returns come from, where answers go, and the
observatory page.
"""


@pytest.fixture(scope="module")
def location(tmp_path_factory) -> dict:
    home = tmp_path_factory.mktemp("home")
    environment = {
        **os.environ,
        "OBSERVATORY_HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "DAGSTER_HOME": "",
    }
    environment.pop("OBSERVATORY_DATABASE_URL", None)
    done = subprocess.run(
        [sys.executable, "-c", LOCATION],
        capture_output=True,
        text=True,
        env=environment,
        cwd=home,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert list(home.iterdir()) == [], "to load the location is to write nothing"
    return json.loads(done.stdout.splitlines()[-1])


def test_there_is_one_asset_a_table_and_every_one_is_described_owned_and_grouped(location):
    tables = {f"raw/{name}" for name in raw_columns()} | {
        t.table.replace(".", "/") for t in (*models().values(), *PYTHON_TABLES.values())
    }
    published = {f"published/{table.name}" for table in PUBLISHED_TABLES}
    assert set(location["assets"]) - OUTSIDE == tables | published | {
        name.replace("published/", "draft/") for name in published
    } | {"draft/site"}
    assert "landing/returns" in location["assets"]
    assert [key for key, description in location["assets"].items() if not description] == []
    assert set(location["owned"]) == set(location["assets"])
    assert {"raw", "staging", "core", "curated", "published"} <= set(location["grouped"])
    assert tables | published <= set(location["with_columns"])


def test_everything_but_reference_facts_and_the_landing_place_is_partitioned_by_census_date(
    location,
):
    assert set(location["without_partitions"]) == {f"raw/{name}" for name in REFERENCE_TABLES} | {
        "landing/returns"
    }


def test_every_table_with_a_grain_has_it_checked_and_the_books_are_checked(location):
    assert "raw/submission_table: books_balance" in location["checks"]
    tables = {
        table.table.replace(".", "/")
        for table in (*models().values(), *PYTHON_TABLES.values())
        if not table.is_view
    }
    assert tables <= {check.split(":")[0] for check in location["checks"] if "grain" in check}


def test_the_location_has_its_job_schedule_and_sensor_and_loads_nothing_heavy(location):
    assert location["jobs"] == [
        "approve",
        "bring_up_to_date",
        "chase",
        "close",
        "draft",
        "fetch_official_statistics",
        "hold",
        "housekeeping",
        "quality_report",
        "reopen",
    ]
    assert (location["schedules"], location["sensors"]) == (3, 4)
    assert location["heavy"] == []
