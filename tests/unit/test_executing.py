"""Executing: the executor is the one that is set, with its own settings; what cannot be had is said
in a sentence.
"""

from __future__ import annotations

import sys

import pytest

from pipelines import executing
from resources.configuration import EXECUTORS
from resources.errors import ObservatoryError


@pytest.fixture(autouse=True)
def unset(monkeypatch):
    for name in ("OBSERVATORY_EXECUTOR", "OBSERVATORY_EXECUTOR_CONFIG"):
        monkeypatch.setenv(name, "")


def test_one_process_carries_out_a_run_unless_another_executor_is_set(monkeypatch):
    assert executing.executor().name == "in_process"
    monkeypatch.setenv("OBSERVATORY_EXECUTOR", "multiprocess")
    assert executing.executor().name == "multiprocess"


def test_every_executor_that_may_be_set_is_known_here():
    assert {*executing._OWN, *executing._BESIDE} == set(EXECUTORS)


def test_an_executor_that_is_not_known_is_refused(monkeypatch):
    monkeypatch.setenv("OBSERVATORY_EXECUTOR", "multi")
    with pytest.raises(
        ObservatoryError, match="OBSERVATORY_EXECUTOR is 'multi'; one of in_process, multiprocess"
    ):
        executing.executor()


@pytest.mark.parametrize("name", sorted(executing._BESIDE))
def test_one_whose_package_is_not_there_is_named_with_it(monkeypatch, name):
    module = executing._BESIDE[name][0]
    monkeypatch.setenv("OBSERVATORY_EXECUTOR", name)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ObservatoryError, match=f"{module.replace('_', '-')} was not found"):
        executing.executor()


def test_its_own_settings_come_from_a_file(monkeypatch, tmp_path):
    path = tmp_path / "multiprocess.toml"
    path.write_text("max_concurrent = 2\n")
    path.chmod(0o600)
    monkeypatch.setenv("OBSERVATORY_EXECUTOR", "multiprocess")
    monkeypatch.setenv("OBSERVATORY_EXECUTOR_CONFIG", str(path))
    made = executing.executor()
    told = made.config_schema.resolve_config({}).value
    assert told["config"]["max_concurrent"] == 2


@pytest.mark.parametrize("text", [None, "max_concurrent = ", "= 3"])
def test_a_file_that_cannot_be_read_is_named(monkeypatch, tmp_path, text):
    path = tmp_path / "settings.toml"
    if text is not None:
        path.write_text(text)
        path.chmod(0o600)
    monkeypatch.setenv("OBSERVATORY_EXECUTOR", "multiprocess")
    monkeypatch.setenv("OBSERVATORY_EXECUTOR_CONFIG", str(path))
    with pytest.raises(ObservatoryError, match=r"settings\.toml, which could not be read"):
        executing.executor()


@pytest.mark.parametrize(
    ("text", "mode", "says"),
    [
        ("max_concurrent = 2", 0o644, "others of this machine may read"),
        (
            "max_concurent = 2",
            0o600,
            "sets max_concurent, which the executor multiprocess does not",
        ),
    ],
)
def test_a_file_that_is_open_to_others_or_misspelt_is_refused(
    monkeypatch, tmp_path, text, mode, says
):
    """It may hold a broker's password: its values are in no message."""
    path = tmp_path / "settings.toml"
    path.write_text(text)
    path.chmod(mode)
    monkeypatch.setenv("OBSERVATORY_EXECUTOR", "multiprocess")
    monkeypatch.setenv("OBSERVATORY_EXECUTOR_CONFIG", str(path))
    with pytest.raises(ObservatoryError, match=says):
        executing.executor()
