"""Pseudonyms: stable for a child of an authority, different for everybody else; one key, made once,
readable by its owner alone.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.errors import ObservatoryError
from resources.pseudonym import VARIABLE, child_keys, load_key

ROOT = Path(__file__).resolve().parents[2]
KEY = b"a key that only the tests use"


def key_of(authority: str, identifier: str, key: bytes = KEY) -> str | None:
    made = child_keys(
        key, pd.Series([authority], dtype="str"), pd.Series([identifier], dtype="str")
    ).iloc[0]
    return None if pd.isna(made) else made


# --- the hash
# ---------------------------------------------------------------------------------------


def test_a_pseudonym_is_a_keyed_hash_and_stays_what_it_is():
    """Frozen: another value would part every child from its earlier quarters."""
    assert (
        key_of("356", "C001")
        == hmac.new(KEY, b"356|C001", hashlib.sha256).hexdigest()[:32]
        == "f090ee6a4d07cdf23fd7dc641ffff21f"
    )


@pytest.mark.parametrize("spelt", ["c001", " C001 ", "\tC001\n"])
def test_case_and_spaces_around_make_no_other_child(spelt):
    assert key_of("356", spelt) == key_of("356", "C001")


@pytest.mark.parametrize(
    ("authority", "identifier", "key"),
    [
        ("357", "C001", KEY),
        ("356", "C002", KEY),
        ("356", "0C001", KEY),
        ("356", "C 001", KEY),
        ("356", "C001", KEY + b"!"),
        ("35", "6|C001", KEY),
    ],
    ids=["authority", "identifier", "leading zero", "space inside", "key", "shifted"],
)
def test_another_authority_identifier_or_key_makes_another_pseudonym(authority, identifier, key):
    assert key_of(authority, identifier, key) != key_of("356", "C001")


@pytest.mark.parametrize("blank", ["", "  ", None])
def test_a_blank_identifier_has_no_pseudonym(blank):
    assert key_of("356", blank) is None


@given(st.lists(st.tuples(st.sampled_from(["356", "357"]), st.text(max_size=6)), max_size=8))
def test_equal_children_have_equal_keys_and_different_ones_different_keys(children):
    authorities, identifiers = (
        pd.Series([c[n] for c in children], dtype="str", index=range(5, 5 + len(children)))
        for n in (0, 1)
    )
    keys = child_keys(KEY, authorities, identifiers)
    assert list(keys.index) == list(authorities.index)
    wanted = [(a, i.strip().upper()) for a, i in children]
    for one, first in zip(wanted, keys, strict=True):
        for other, second in zip(wanted, keys, strict=True):
            if one[1] and other[1]:
                assert (one == other) == (first == second)


# --- the key
# ------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def no_key_in_the_environment(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)


def test_a_key_is_made_at_the_first_use_kept_and_readable_by_its_owner_alone(tmp_path):
    home = tmp_path / "new" / "home"
    previous = os.umask(0)
    try:
        key = load_key(home)
    finally:
        os.umask(previous)
    assert len(key) >= 64
    assert load_key(home) == key
    assert stat.S_IMODE((home / "pseudonym.key").stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir()] == ["pseudonym.key"]
    assert load_key(tmp_path / "another home") != key


def test_the_environments_key_goes_first_and_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, "a long enough key of the region's own")
    assert load_key(tmp_path / "home") == b"a long enough key of the region's own"
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("where", ["environment", "file"])
def test_a_key_too_short_is_refused_without_being_shown(where, tmp_path, monkeypatch):
    if where == "environment":
        monkeypatch.setenv(VARIABLE, "hunter2")
    else:
        (tmp_path / "pseudonym.key").write_text("hunter2\n")
    with pytest.raises(ObservatoryError, match=r"7 characters; at least 16 were expected") as error:
        load_key(tmp_path)
    assert "hunter2" not in str(error.value)


MAKE_A_KEY = """
import sys, types
sys.modules["pandas"] = types.ModuleType("pandas")  # its import takes seconds, and making a key needs none of it
from pathlib import Path
from resources.pseudonym import load_key
home, gate = map(Path, sys.argv[1:])
print("ready", flush=True)
while not gate.exists():
    pass
print(load_key(home).decode())
"""


def test_processes_that_start_together_make_one_key(tmp_path):
    command = [sys.executable, "-c", MAKE_A_KEY, str(tmp_path / "home"), str(tmp_path / "go")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    started = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(4)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    (tmp_path / "go").touch()
    keys = {process.communicate(timeout=20)[0].strip() for process in started}
    assert keys == {(tmp_path / "home" / "pseudonym.key").read_text()}


def test_the_key_of_whoever_was_first_stands(tmp_path, monkeypatch):
    """Another process finishes while this one is still making its own: both must go on with the
    first.
    """

    def meanwhile(_: int) -> str:
        (tmp_path / "pseudonym.key").write_text("the key of the one that was first")
        return "the key of the one that was second"

    monkeypatch.setattr("secrets.token_hex", meanwhile)
    assert load_key(tmp_path) == load_key(tmp_path) == b"the key of the one that was first"
    assert [path.name for path in tmp_path.iterdir()] == ["pseudonym.key"]


def test_a_process_that_was_killed_while_it_made_the_key_does_not_stop_the_next_of_its_number(
    tmp_path,
):
    """In a container every process may have the same number: what the killed one left behind must
    not be in the way for ever.
    """
    (tmp_path / f"pseudonym.key.{os.getpid()}").write_text("half a k")
    assert len(load_key(tmp_path)) >= 64
