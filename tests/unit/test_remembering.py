"""What is remembered of our own SQL: found again, never where anything has changed, and harmless
where it is damaged or cannot be kept.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assets.warehouse import known, sql
from resources import remembering
from resources.remembering import Remembered

TABLES = {("raw", "a"): {"k": "text", "n": "integer"}}
SELECT = "select a.n as y from raw.a"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    monkeypatch.delenv("OBSERVATORY_HOME", raising=False)
    (tmp_path / "caches").mkdir()
    return tmp_path / "caches" / remembering.NAME / "test.json"


@pytest.fixture
def parsed(monkeypatch):
    """The SELECTs that were parsed."""
    seen = []
    for name in ("facts", "understanding"):
        real = getattr(sql, name)
        monkeypatch.setattr(sql, name, lambda *a, real=real: (seen.append(a[1]), real(*a))[1])
    return seen


def _ask(text=SELECT, tables=TABLES):
    asked = known.Known("test")
    told = asked.facts("a.sql", text), asked.understanding("core.a", text, tables)
    asked.keep()
    return told


def test_what_is_remembered_is_what_was_told(parsed):
    first, again = _ask(), _ask()
    assert first == again and type(again[0].upstream) is frozenset
    assert list(again[1].types.items()) == [("y", "int")] and again[1].parents == {
        "y": {(("raw", "a"), "n")}
    }
    assert len(parsed) == 2


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"text": "select a.k as y from raw.a"}, id="the text"),
        pytest.param({"tables": {("raw", "a"): {"k": "text", "n": "numeric"}}}, id="a type"),
        pytest.param(
            {"tables": {("raw", "a"): {"n": "integer", "k": "text"}}}, id="the order of columns"
        ),
    ],
)
def test_what_has_changed_is_not_found(parsed, change):
    _ask()
    fresh = _ask(**change)
    assert len(parsed) > 2 and fresh == (
        sql.facts("a.sql", parsed[-1]),
        sql.understanding("core.a", parsed[-1], change.get("tables", TABLES)),
    )


def test_another_parser_or_other_code_finds_nothing(parsed, monkeypatch):
    _ask()
    monkeypatch.setattr(known, "_parser", lambda: "another")
    _ask()
    assert len(parsed) == 4
    monkeypatch.undo()


@pytest.mark.parametrize(
    "damage", [b"", b"{}", b"\xff\x00", b"0" * 64 + b"\n{}", b'{"a": ', b"[" * 100_000], ids=repr
)
def test_what_is_damaged_is_worked_out_again(parsed, cache, damage):
    _ask()
    cache.write_bytes(damage)
    _ask(), _ask()
    assert len(parsed) == 4  # and then remembered


def test_a_value_that_was_tampered_with_is_not_believed(cache):
    one = Remembered("test")
    one.put("key", "true")
    one.keep()
    cache.write_bytes(cache.read_bytes().replace(b"true", b"lies"))
    assert Remembered("test").get("key") is None


@pytest.mark.parametrize("opened", ["file", "folder"])
def test_what_others_may_write_to_is_not_believed(cache, opened):
    one = Remembered("test")
    one.put("key", 1)
    one.keep()
    assert Remembered("test").get("key") == 1
    (cache if opened == "file" else cache.parent).chmod(0o777)
    assert Remembered("test").get("key") is None


def test_a_link_is_not_followed(cache, tmp_path):
    one = Remembered("test")
    one.put("key", 1)
    one.keep()
    cache.rename(tmp_path / "elsewhere.json")
    cache.symlink_to(tmp_path / "elsewhere.json")
    assert Remembered("test").get("key") is None


def test_a_place_that_cannot_be_written_to_is_no_error(parsed, cache):
    cache.parent.write_text("a file where the folder should be")
    assert _ask() == _ask()
    assert len(parsed) == 4


def test_without_a_cache_folder_it_is_kept_in_the_home(parsed, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "nowhere" / "at all"))
    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    _ask(), _ask()
    assert (
        len(parsed) == 2
        and (tmp_path / "home" / "cache" / "test.json").stat().st_mode & 0o777 == 0o600
    )


def test_what_other_versions_remember_is_kept_for_a_while(cache):
    for version in range(remembering.VERSIONS + 2):
        one = Remembered("test")
        one.put(f"of {version}", version)
        one.keep()
    held = json.loads(cache.read_bytes().partition(b"\n")[2])
    assert len(held) == remembering.VERSIONS and f"of {version}" in held
    assert [path.name for path in cache.parent.iterdir()] == ["test.json"]
    assert cache.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("why", [PermissionError, RuntimeError])
def test_a_home_of_which_nothing_may_be_known_is_no_error(monkeypatch, why):
    """Python says so by an exception, both of a folder that may not be looked into and of a user
    without one.
    """

    def raises(*_: object) -> Path:
        raise why("not here")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("OBSERVATORY_HOME", raising=False)
    if why is RuntimeError:
        monkeypatch.setattr(Path, "expanduser", raises)
    else:
        monkeypatch.setattr(Path, "exists", raises)
    assert isinstance(list(remembering._folders()), list)
