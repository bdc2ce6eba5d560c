"""How a release's files come to their folder: of this run's own, on the disk, and then renamed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from assets.publication.files import put_in_place


def test_files_are_on_the_disk_before_they_are_renamed_under_the_writers_lock(
    tmp_path, monkeypatch
):
    happened: list[str] = []
    synced, renamed = os.fsync, Path.rename

    def sync(handle: int) -> None:
        happened.append(f"synced {Path(f'/proc/self/fd/{handle}').readlink().name}")
        synced(handle)

    def rename(path: Path, to: Path) -> Path:
        happened.append(f"renamed to {to.name}")
        return renamed(path, to)

    @contextlib.contextmanager
    def lock() -> Iterator[None]:
        happened.append("locked")
        yield
        happened.append("let go")

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "rename", rename)
    folder = tmp_path / "r1"
    assert put_in_place(folder, {"a.csv": b"1", "b.csv": b"2"}, lock)
    own = next(step.removeprefix("synced ") for step in happened if step.endswith(".making"))
    assert happened == [
        "synced a.csv", "synced b.csv", f"synced {own}", "locked", "renamed to r1",
        f"synced {tmp_path.name}", "let go",
    ]  # fmt: skip
    assert own.startswith(".r1.") and own != ".r1.making", "each run has a folder of its own"


def test_what_another_run_has_put_there_stays(tmp_path):
    folder = tmp_path / "r1"

    @contextlib.contextmanager
    def while_another_was_faster() -> Iterator[None]:
        folder.mkdir()
        (folder / "a.csv").write_bytes(b"theirs")
        yield

    assert not put_in_place(folder, {"a.csv": b"mine"}, while_another_was_faster)
    assert (folder / "a.csv").read_bytes() == b"theirs"
    assert [path.name for path in tmp_path.iterdir()] == ["r1"], "and nothing is left beside it"
