"""What a process says it is made with is what it runs, not what lies on the disk meanwhile."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from assets.warehouse import models, tables
from schemas.regions import load_region

ROOT = Path(__file__).resolve().parents[2]

ASK = """
import pathlib
from assets.access import rights
from assets.answering import outbox
from assets.intake import loading
from assets.page import site
from assets.projection import table as projection
from schemas.returns import contract_version

def changed(path):
    raise AssertionError(f"{path} was read after the program had begun: it may be another one by now")

pathlib.Path.read_bytes = changed
print(rights.code(), outbox._code(), loading.door_version(), site._program(), projection._method(), contract_version())
"""


def test_code_that_changes_under_a_running_process_is_not_taken_for_the_code_that_it_runs():
    """Else it would mark a new schema as made that it has never heard of, and the next process
    would not make it.
    """
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASK],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_tables_rest_on_the_models_that_were_read(monkeypatch, tmp_path):
    region = load_region("north_west")
    models.models()
    before = tables.state(region)
    monkeypatch.setattr(models, "FOLDER", tmp_path)
    monkeypatch.setattr(tables, "FOLDER", tmp_path, raising=False)
    assert tables.state(region) == before


def test_a_folder_of_models_that_is_missing_or_empty_is_an_error(monkeypatch, tmp_path):
    """A warehouse without its models would look like one that is up to date."""
    monkeypatch.setattr(models, "FOLDER", tmp_path)
    for read in (models.models, models.warehouse_tests):
        with pytest.raises(models.ModelError, match="holds no SQL"):
            read.__wrapped__()
