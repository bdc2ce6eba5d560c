"""Pages of the documentation are played: their files are written, their commands run, and what they
show is seen.

Belongs here: the tutorial's own return and "Adding an indicator", from the first line to the last,
in a copy of the project. Does not belong here: the site as a whole
(`tests/unit/test_docs_site.py`).

How a page is read: a block below a line "`PATH`, new:" or "`PATH`, at its end:" is (added to) that
file; a block of `sh` is run; lines of a block of `text` that follows are printed by what ran. Both
pages are played in one home, with one run, on a database of the servers that tests share: it takes
long because every command is a process of its own, as it is for whoever follows the pages.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from assets.publication import lifecycle
from resources.warehouse import Warehouse

ROOT = Path(__file__).resolve().parents[2]
COPIED = (
    "schemas",
    "resources",
    "assets",
    "made_up",
    "pipelines",
    "dbt_like_sql",
    "tests/sql",
    "tests/access",
)
PARTS = re.compile(
    r"(?:`(?P<path>[^`\n]+)`, (?P<how>new|at its"
    r" end):\n\n)?^```(?P<language>\w+)\n(?P<body>.*?)^```$",
    re.S | re.M,
)
RUN = ".venv/bin/observatory run\n"
MARK = "== the next block =="


@dataclass(frozen=True)
class Block:
    """One block of a page: what is in it, and, where it is a file's, which and how it gets there."""

    language: str
    body: str
    path: str = ""
    how: str = ""


def blocks_of(page: str) -> list[Block]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return [
        Block(m["language"], m["body"], m["path"] or "", m["how"] or "")
        for m in PARTS.finditer(text)
    ]


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A copy of the project, with `.venv/bin` for the pages' commands."""
    copy = tmp_path_factory.mktemp("played") / "project"
    for name in COPIED:
        shutil.copytree(
            ROOT / name, copy / name
        )  # compiled files, too: with their times they hold, and spare each process the work
    for path in (
        *(ROOT / "tests").glob("*.py"),
        *(ROOT / "docs").glob("*.md"),
        ROOT / "pyproject.toml",
    ):
        target = copy / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    bin_ = copy / ".venv/bin"
    bin_.mkdir(parents=True)
    for name, arguments in (
        ("python", ""),
        ("observatory", '-c "from pipelines.command import main; main()"'),
    ):
        (bin_ / name).write_text(
            f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n', encoding="utf-8"
        )
        (bin_ / name).chmod(0o755)
    return copy


@pytest.fixture(scope="module")
def environment(project, servers) -> dict[str, str]:
    """What commands are given: a database of the shared server, in which the pages' quarter is
    held, so that no draft is made.
    """
    address = servers.fresh("embedded")
    with Warehouse(address) as warehouse:
        lifecycle.hold(
            warehouse,
            dt.date(2025, 12, 31),
            "the test",
            "A draft takes long, and the pages do not look at it.",
        )
    given = {
        name: value for name, value in os.environ.items() if not name.startswith("OBSERVATORY_")
    }
    return given | {
        "PYTHONPATH": str(project),
        "OBSERVATORY_CONFIG": os.devnull,
        "OBSERVATORY_DATABASE_URL": address,
    }


def play(blocks: list[Block], project: Path, environment: dict[str, str]) -> None:
    """Write the files, run the commands in one shell, and see what they show."""
    for block in blocks:
        if block.path:
            path = project / block.path
            assert path.exists() == (block.how == "at its end"), block.path
            with path.open("a", encoding="utf-8") as file:
                file.write(block.body)
    script = "".join(f"{block.body}echo '{MARK}'\n" for block in blocks if block.language == "sh")
    done = subprocess.run(
        ["sh", "-e", "-c", script],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{script}{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    printed = iter(done.stdout.split(f"{MARK}\n"))
    shown = ""
    for block in blocks:
        if block.language == "sh":
            shown = next(printed)
        elif block.language == "text" and not block.path:
            lines = [" ".join(line.split()) for line in shown.splitlines()]
            assert [
                line for line in block.body.splitlines() if " ".join(line.split()) not in lines
            ] == [], f"other lines are shown: {shown}"


def test_the_tutorial_and_adding_an_indicator(project, environment):
    """In one home, with one run for both: the tutorial's return lands, the other page runs, and
    both ask.
    """
    *tutorial, send, asked = blocks_of("tutorial.md")
    assert RUN in send.body and asked.language == "text"
    send = replace(send, body=send.body.replace(RUN, ""))
    send_alone = replace(send, body=send.body[: send.body.index(".venv/bin/observatory query")])
    play([*tutorial, send_alone], project, environment)
    play(blocks_of("adding_an_indicator.md"), project, environment)
    play([send, asked], project, environment)
    assert "homes_opening_soon" in (project / "docs/access_matrix.md").read_text(encoding="utf-8")


def test_the_pages_have_the_steps_that_are_played():
    kinds = [(block.language, block.path) for block in blocks_of("adding_an_indicator.md")]
    assert [language for language, path in kinds if path] == ["sql", "toml", "toml", "text"]
    assert (
        sum(language == "sh" for language, _ in kinds) == 3
        and sum(b.language == "sh" for b in blocks_of("tutorial.md")) == 3
    )
