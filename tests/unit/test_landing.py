"""The landing place: what has landed, in the order received; what is no return is passed over, and said."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from pathlib import Path

import fsspec
import pytest

from resources.landing import LandingPlace, census_date_of, is_quarter_end
from resources.settings import ObservatoryError

MARCH = dt.date(2025, 3, 31)


def put(root: Path, path: str, content: bytes = b"x", received: int = 1_760_000_000) -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    os.utime(file, (received, received))
    return file


@pytest.mark.parametrize(
    ("name", "date"),
    [
        ("2025-03-31", MARCH), ("2024-12-31", dt.date(2024, 12, 31)), ("2024-06-30", dt.date(2024, 6, 30)), ("2024-09-30", dt.date(2024, 9, 30)),
        ("2025-03-30", None), ("2025-06-31", None), ("2025-01-31", None), ("2024-02-29", None), ("20250331", None), ("2025-3-31", None),
        ("31-03-2025", None),
        ("2025-W14-1", None), (" 2025-03-31", None), ("truth", None), ("", None),
    ],
)  # fmt: skip
def test_a_folder_is_a_census_date_or_is_not(name, date):
    assert census_date_of(name) == date


def test_quarter_ends_are_four_a_year():
    year = [dt.date(2024, 1, 1) + dt.timedelta(days=n) for n in range(366)]
    assert [d.isoformat() for d in year if is_quarter_end(d)] == ["2024-03-31", "2024-06-30", "2024-09-30", "2024-12-31"]


def test_files_come_in_the_order_in_which_they_were_received(tmp_path):
    put(tmp_path, "2025-03-31/a/new.csv", received=1_760_000_030)
    put(tmp_path, "2025-03-31/b/z.csv", received=1_760_000_010)
    put(tmp_path, "2025-03-31/b/old.csv", received=1_760_000_010)
    put(tmp_path, "2025-03-31/a/old.csv", received=1_760_000_010)
    put(tmp_path, "2025-03-31/c/oldest.csv", received=1_760_000_000)
    put(tmp_path, "2025-06-30/a/other quarter.csv")
    files = LandingPlace(str(tmp_path)).files(MARCH)
    assert [f"{f.folder}/{f.name}" for f in files] == ["c/oldest.csv", "a/old.csv", "b/old.csv", "b/z.csv", "a/new.csv"]
    assert files[0].received_at == dt.datetime(2025, 10, 9, 8, 53, 20, tzinfo=dt.UTC)
    assert {f.census_date for f in files} == {MARCH}


def test_what_is_no_return_is_passed_over(tmp_path):
    good = put(tmp_path, "2025-03-31/356/return.csv")
    put(tmp_path, "2025-03-31/356/.hidden.csv")
    put(tmp_path, "2025-03-31/356/~$return.xlsx")
    put(tmp_path, "2025-03-31/356/folder/inner.csv")
    put(tmp_path, "2025-03-31/loose.csv")
    outside = put(tmp_path, "outside/secret.csv")
    (tmp_path / "2025-03-31" / "356" / "link.csv").symlink_to(outside)
    (tmp_path / "2025-03-31" / "356" / "dangling.csv").symlink_to(tmp_path / "nowhere")
    assert [f.path for f in LandingPlace(str(tmp_path)).files(MARCH)] == [good]


def test_what_lies_elsewhere_is_left_alone_and_named(tmp_path):
    put(tmp_path, "2025-03-31/356/return.csv")
    put(tmp_path, "2025-03-31/356/folder/inner.csv")
    put(tmp_path, "2025-03-31/loose.csv")
    put(tmp_path, "2025-03-30/356/return.csv")
    put(tmp_path, "note.txt")
    put(tmp_path, "truth/occupancy.csv")
    put(tmp_path, ".made-up")
    place = LandingPlace(str(tmp_path))
    assert sorted(place.left_alone()) == ["2025-03-30", "2025-03-31/356/folder/", "2025-03-31/loose.csv", "note.txt"]
    assert place.census_dates() == [MARCH]


def test_every_folder_of_a_census_date_is_read_or_named(tmp_path):
    """`2025-W14-1` is 31 March to Python: such a folder was neither read nor named, and the returns in it were lost without a word."""
    for name in ("2025-W14-1", "2025-03-31", "20250331", "2025-03-31 "):
        put(tmp_path, f"{name}/356/return.csv")
    place = LandingPlace(str(tmp_path))
    read = {f.path.parent.parent.name for date in place.census_dates() for f in place.files(date)}
    assert read | set(place.left_alone()) == {path.name for path in tmp_path.iterdir()}


def test_a_quarter_without_a_folder_has_no_files(tmp_path):
    assert LandingPlace(str(tmp_path)).files(MARCH) == []


def test_no_landing_place_is_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(ObservatoryError, match=r"No landing place was found at .*nowhere.*OBSERVATORY_LANDING.*observatory synth"):
        LandingPlace(str(tmp_path / "nowhere")).census_dates()


def test_a_file_is_known_by_its_bytes_alone(tmp_path):
    content = os.urandom(3_000_000)
    one, two = put(tmp_path, "2025-03-31/a/1.csv", content), put(tmp_path, "2025-03-31/b/2.xlsx", content, received=1_770_000_000)
    files = LandingPlace(str(tmp_path)).files(MARCH)
    assert [f.path for f in files] == [one, two]
    assert [f.content_hash() for f in files] == [hashlib.sha256(content).hexdigest()] * 2
    assert (files[0].size, files[0].read()) == (len(content), content)


def test_the_landing_place_is_never_written_to(tmp_path):
    put(tmp_path, "2025-03-31/356/return.csv")
    for folder in (tmp_path / "2025-03-31" / "356", tmp_path / "2025-03-31", tmp_path):
        folder.chmod(0o500)
    before = sorted((p, p.stat().st_mtime_ns) for p in tmp_path.rglob("*"))
    place = LandingPlace(str(tmp_path))
    place.left_alone()
    [f.content_hash() for date in place.census_dates() for f in place.files(date)]
    assert sorted((p, p.stat().st_mtime_ns) for p in tmp_path.rglob("*")) == before


@pytest.fixture
def remote():
    """A landing place that is no folder of this machine."""
    files = fsspec.filesystem("memory")
    files.pipe({"/drop/2025-03-31/356/return.csv": b"URN,Places\n", "/drop/2025-03-31/356/.hidden": b"", "/drop/note.txt": b""})
    yield LandingPlace("memory://drop")
    files.rm("/drop", recursive=True)


def test_a_landing_place_behind_an_address_is_read_alike(remote):
    assert remote.census_dates() == [MARCH]
    files = remote.files(MARCH)
    assert [(f.folder, f.name, f.size, f.read()) for f in files] == [("356", "return.csv", 11, b"URN,Places\n")]
    assert files[0].content_hash() == hashlib.sha256(b"URN,Places\n").hexdigest()
    assert remote.left_alone() == ["note.txt"]


def test_files_behind_an_address_are_received_when_they_were_put_there(remote):
    """Of two versions of a return the later one counts: a place that has no time of its files would take them by name."""
    age = dt.datetime.now(tz=dt.UTC) - remote.files(MARCH)[0].received_at
    assert dt.timedelta(seconds=-2) < age < dt.timedelta(minutes=1)
