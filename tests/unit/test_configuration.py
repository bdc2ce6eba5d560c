"""The configuration: known settings and no other, each of its kind; the environment goes before the
file.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from resources import configuration
from resources.errors import ObservatoryError
from resources.settings import settings_from_environment


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Write a configuration and apply it."""
    for setting in configuration.SETTINGS.values():
        monkeypatch.setenv(setting.variable, "")
        monkeypatch.delenv(setting.variable)

    def written_(text: str) -> Path:
        path = tmp_path / "observatory.toml"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        monkeypatch.setenv("OBSERVATORY_CONFIG", str(path))
        return path

    return written_


def test_what_the_file_says_holds_from_its_folder_on_and_the_environment_goes_before_it(
    written, tmp_path, monkeypatch
):
    written(
        'home = "kept"\nlanding = "s3://bucket/landing"\n[retention]\nruns_days = 30\n[web]\nhosts'
        ' = ["a.example", "b.example"]\n'
    )
    monkeypatch.setenv("OBSERVATORY_KEEP_RUNS_DAYS", "7")
    settings = settings_from_environment()
    assert (settings.home, settings.landing) == (tmp_path / "kept", "s3://bucket/landing")
    assert configuration.number("retention.runs_days") == 7
    assert os.environ["OBSERVATORY_WEB_HOSTS"] == "a.example,b.example"
    for name in ("OBSERVATORY_HOME", "OBSERVATORY_LANDING", "OBSERVATORY_WEB_HOSTS"):
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('hmoe = "kept"', "hmoe is not known; home is: was it meant?"),
        ("[retention]\nrun_days = 3", "retention.run_days is not known; retention.runs_days is"),
        ("[web]\nport = 70000", "web.port is 70000; a whole number from 1 to 65535 was expected."),
        ("[web]\nport = true", "web.port is True"),
        ("[web]\nhosts = 'a.example'", "a list of names was expected"),
        ("home = 3", "home is 3; a path"),
        ("home = ", "TOML was expected"),
        ('pseudonym_key = "secret"', "keys do not stand in this file"),
        ('region = "nowhere"', ""),
    ],
)
def test_what_is_not_known_is_refused_with_the_nearest_that_is(written, text, said):
    written(text)
    with pytest.raises(ObservatoryError) as refused:
        _ = settings_from_environment().region
    assert said in str(refused.value) and "secret" not in str(refused.value)
    os.environ.pop("OBSERVATORY_REGION", None)


@pytest.mark.parametrize(
    "text",
    [
        'database_url = "postgresql://user:password@host/database"',
        '[messages]\nmail = "mailtos://user:password@mail.example"',
    ],
)
def test_a_file_with_an_address_that_holds_a_password_is_not_everybodys(written, text):
    written(text).chmod(0o644)
    with pytest.raises(ObservatoryError, match="chmod o="):
        settings_from_environment()


def test_a_number_in_the_environment_is_held_to_the_same(monkeypatch):
    monkeypatch.setenv("OBSERVATORY_KEEP_RUNS_DAYS", "soon")
    with pytest.raises(
        ObservatoryError, match="OBSERVATORY_KEEP_RUNS_DAYS is 'soon'; a whole number"
    ):
        configuration.apply()


def test_a_file_that_is_named_and_is_not_there_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("OBSERVATORY_CONFIG", str(tmp_path / "none.toml"))
    with pytest.raises(ObservatoryError, match="no file was found there"):
        configuration.apply()
