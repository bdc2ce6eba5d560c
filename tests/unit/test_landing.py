"""The landing place: what has landed, in the order received; what is no return is passed over, and
said.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import hashlib
import os
import socket
import stat
import time
from pathlib import Path

import fsspec
import pytest

from resources import landing
from resources.errors import ObservatoryError
from resources.landing import LandingPlace, NotNow, census_date_of, is_fresh, is_quarter_end

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
    assert [d.isoformat() for d in year if is_quarter_end(d)] == [
        "2024-03-31",
        "2024-06-30",
        "2024-09-30",
        "2024-12-31",
    ]


def test_files_come_in_the_order_in_which_they_were_received(tmp_path):
    put(tmp_path, "2025-03-31/a/new.csv", received=1_760_000_030)
    put(tmp_path, "2025-03-31/b/z.csv", received=1_760_000_010)
    put(tmp_path, "2025-03-31/b/old.csv", received=1_760_000_010)
    put(tmp_path, "2025-03-31/a/old.csv", received=1_760_000_010)
    put(tmp_path, "2025-03-31/c/oldest.csv", received=1_760_000_000)
    put(tmp_path, "2025-06-30/a/other quarter.csv")
    files = LandingPlace(str(tmp_path)).files(MARCH)
    assert [f"{f.folder}/{f.name}" for f in files] == [
        "c/oldest.csv",
        "a/old.csv",
        "b/old.csv",
        "b/z.csv",
        "a/new.csv",
    ]
    assert files[0].received_at == dt.datetime(2025, 10, 9, 8, 53, 20, tzinfo=dt.UTC)
    assert {f.census_date for f in files} == {MARCH}


LITTER = [
    ".hidden.csv", "~$return.xlsx", "Thumbs.db", "thumbs.db", "ehthumbs.db", "desktop.ini", "Desktop.ini", ".DS_Store", "._return.csv",
    "Icon\r", "return.csv:Zone.Identifier", "return.xlsx:zone.identifier", ".~lock.return.ods#",
]  # fmt: skip
UNDER_WAY = [
    "a.csv.filepart",
    "a.xlsx.part",
    "a.tmp",
    "A.TMP",
    "a.csv.crdownload",
    "a.csv.partial",
    "a.xlsx.download",
]


def test_what_is_no_return_is_passed_over_without_alarm(tmp_path):
    good = put(tmp_path, "2025-03-31/356/return.csv")
    for name in [*LITTER, *UNDER_WAY, "__MACOSX/return.csv"]:
        put(tmp_path, f"2025-03-31/356/{name}")
    put(tmp_path, "2025-03-31/Thumbs.db")
    place = LandingPlace(str(tmp_path))
    assert [f.path for f in place.files(MARCH)] == [good]
    assert place.left_alone() == place.refused() == []
    assert sorted(place.under_way()) == sorted(f"2025-03-31/356/{name}" for name in UNDER_WAY)


def test_an_upload_counts_once_it_has_its_name(tmp_path):
    half = put(tmp_path, "2025-03-31/356/return.csv.filepart")
    place = LandingPlace(str(tmp_path))
    assert place.files(MARCH) == []
    half.rename(half.with_suffix(""))
    assert [f.name for f in place.files(MARCH)] == ["return.csv"]
    assert place.under_way() == []


def make_special(folder: Path) -> dict[str, str]:
    """One of each that is no file, by name, and what is said of it."""
    outside = put(folder.parents[1], "outside/secret.csv", b"a secret")
    (folder / "link.csv").symlink_to(outside)
    (folder / "dangling.csv").symlink_to(folder / "nowhere")
    os.mkfifo(folder / "pipe.csv")
    with (
        socket.socket(socket.AF_UNIX) as made,
        contextlib.chdir(folder),
    ):  # a socket's path may not be long
        made.bind("socket.csv")
    said = {
        "link.csv": "a link",
        "dangling.csv": "a link",
        "pipe.csv": "a named pipe",
        "socket.csv": "a socket",
    }
    if os.geteuid() == 0:
        os.mknod(
            folder / "device.csv", 0o666 | stat.S_IFCHR, os.makedev(1, 5)
        )  # /dev/zero: it never ends
        said["device.csv"] = "a device"
    return said


def test_what_is_no_file_is_refused_and_neither_waited_for_nor_followed(tmp_path):
    put(tmp_path, "2025-03-31/356/return.csv")
    said = make_special(tmp_path / "2025-03-31" / "356")
    (tmp_path / "2025-03-31" / "356" / "folder.csv").mkdir()
    place = LandingPlace(str(tmp_path))
    contents = {file.name: file.open() for file in place.files(MARCH)}
    assert contents.pop("return.csv").fault is None
    assert {name: content.fault.hint for name, content in contents.items()} == {
        name: f"it is {kind}" for name, kind in said.items()
    }
    assert {content.fault.rule for content in contents.values()} == {"not_a_file"}
    assert all(content.data == b"" for content in contents.values())
    assert len({content.digest for content in contents.values()}) == len(contents)
    assert sorted(place.left_alone()) == ["2025-03-31/356/folder.csv/", "outside"]


def test_a_linked_folder_is_refused_and_named(tmp_path):
    """A sender who may make links would have another's returns read as its own, or a file of the
    machine's.
    """
    put(tmp_path, "2025-03-31/356/return.csv")
    put(tmp_path, "elsewhere/return.csv")
    (tmp_path / "2025-03-31" / "352").symlink_to(tmp_path / "2025-03-31" / "356")
    (tmp_path / "2025-03-31" / "353").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "2025-06-30").symlink_to(tmp_path / "2025-03-31")
    place = LandingPlace(str(tmp_path))
    assert place.census_dates() == [MARCH]
    assert [f.folder for f in place.files(MARCH)] == ["356"]
    assert place.files(dt.date(2025, 6, 30)) == []
    assert [folder for folder, _ in place.refused()] == [
        "2025-06-30",
        "2025-03-31/352",
        "2025-03-31/353",
    ]
    assert all(
        "no link is followed: put the folder itself there" in reason
        for _, reason in place.refused()
    )


@pytest.mark.parametrize("swapped", ["2025-03-31", "2025-03-31/356", "2025-03-31/356/return.csv"])
def test_what_becomes_a_link_between_listing_and_reading_is_not_followed(tmp_path, swapped):
    put(tmp_path, "landing/2025-03-31/356/return.csv", b"sent")
    put(tmp_path, "outside/2025-03-31/356/return.csv", b"a secret")
    (file,) = LandingPlace(str(tmp_path / "landing")).files(MARCH)
    place = tmp_path / "landing" / swapped
    place.rename(tmp_path / "gone")
    place.symlink_to(tmp_path / "outside" / swapped)
    content = file.open()
    assert (content.data, content.fault.rule) == (b"", "not_a_file")


def test_a_file_that_goes_or_changes_while_it_is_read_waits(tmp_path, monkeypatch):
    path = put(tmp_path, "2025-03-31/356/return.csv", b"half")
    (file,) = LandingPlace(str(tmp_path)).files(MARCH)
    read = landing._read_up_to

    def read_while_it_grows(handle, size):
        path.write_bytes(b"half and more")
        return read(handle, size)

    monkeypatch.setattr(landing, "_read_up_to", read_while_it_grows)
    with pytest.raises(NotNow):
        file.open()
    monkeypatch.undo()
    assert file.open().data == b"half and more"
    path.unlink()
    with pytest.raises(NotNow):
        file.open()
    path.parent.rmdir()
    with pytest.raises(NotNow):
        file.open()


def test_a_file_that_may_not_be_read_is_a_finding_and_no_failure(tmp_path, monkeypatch):
    put(tmp_path, "2025-03-31/356/return.csv")
    (file,) = LandingPlace(str(tmp_path)).files(MARCH)
    opens = os.open

    def refuse(path, flags, *rest, **words):
        if path == "return.csv":
            raise PermissionError(errno.EACCES, "no")
        return opens(path, flags, *rest, **words)

    monkeypatch.setattr(os, "open", refuse)
    fault = file.open().fault
    assert (fault.rule, fault.hint) == (
        "unreadable_file",
        "the observatory's account has no right to read it",
    )


def test_a_file_is_opened_once_and_what_is_hashed_is_what_is_read(tmp_path, monkeypatch):
    put(tmp_path, "2025-03-31/356/return.csv", b"sent")
    (file,) = LandingPlace(str(tmp_path)).files(MARCH)
    opened = []
    opens = os.open
    monkeypatch.setattr(
        os,
        "open",
        lambda path, *rest, **words: (opened.append(path), opens(path, *rest, **words))[1],
    )
    content = file.open()
    assert (content.data, content.digest) == (b"sent", hashlib.sha256(b"sent").hexdigest())
    assert [name for name in opened if str(name).endswith("return.csv")] == ["return.csv"]


@pytest.mark.parametrize(
    "seconds",
    [4_070_908_800, 10**12, -1000, 0],
    ids=["2099", "a year that no calendar has", "before 1970", "1970"],
)
def test_no_time_that_a_sender_may_give_a_file_is_an_error_or_in_the_future(tmp_path, seconds):
    put(tmp_path, "2025-03-31/356/return.csv", received=seconds)
    place = LandingPlace(str(tmp_path))
    (file,) = place.files(MARCH)
    assert dt.datetime.fromtimestamp(0, tz=dt.UTC) <= file.received_at <= dt.datetime.now(tz=dt.UTC)
    assert [f.path for f in place.settled(MARCH)] == [file.path]
    assert not is_fresh(file, dt.datetime.now(tz=dt.UTC)), "it would wait for ever"


def test_a_name_that_is_no_text_is_shown_as_far_as_it_is(tmp_path):
    folder = tmp_path / "2025-03-31" / "356"
    folder.mkdir(parents=True)
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xfe return.csv")).write_bytes(b"x")
    (file,) = LandingPlace(str(tmp_path)).files(MARCH)
    assert file.name.encode("utf-8").endswith(b" return.csv")
    assert file.open().data == b"x"


def test_a_file_that_still_grows_waits_and_the_others_do_not_wait_for_it(tmp_path, monkeypatch):
    put(tmp_path, "2025-03-31/356/old.csv")
    now = int(time.time())
    grows = put(tmp_path, "2025-03-31/356/grows.csv", received=now)
    put(tmp_path, "2025-03-31/356/just now.csv", received=now)
    monkeypatch.setattr(landing.time, "sleep", lambda _: grows.write_bytes(b"x and more"))
    assert [f.name for f in LandingPlace(str(tmp_path)).settled(MARCH)] == [
        "old.csv",
        "just now.csv",
    ]
    monkeypatch.setattr(landing.time, "sleep", lambda _: None)
    assert len(LandingPlace(str(tmp_path)).settled(MARCH)) == 3


@pytest.mark.parametrize("size", [21, 28, 37, 50, 64])
def test_what_begins_as_a_sealed_file_and_is_none_is_a_finding_of_that_file(
    tmp_path, monkeypatch, size
):
    """28 bytes stopped every run: the cipher wants a nonce of eight bytes, and the key was asked
    for before the file was looked at.
    """
    put(tmp_path, "2025-03-31/356/return.csv", b"OBSERVATORY-SEALED-1\n".ljust(size, b"x"))
    (file,) = LandingPlace(str(tmp_path)).files(MARCH)
    for key in ("", "a long enough text"):
        monkeypatch.setenv("OBSERVATORY_SEAL_KEY", key)
        assert file.open().fault.rule == "unreadable_file"


def test_what_lies_elsewhere_is_left_alone_and_named(tmp_path):
    put(tmp_path, "2025-03-31/356/return.csv")
    put(tmp_path, "2025-03-31/356/folder/inner.csv")
    put(tmp_path, "2025-03-31/loose.csv")
    put(tmp_path, "2025-03-30/356/return.csv")
    put(tmp_path, "note.txt")
    put(tmp_path, "truth/occupancy.csv")
    put(tmp_path, ".made-up")
    place = LandingPlace(str(tmp_path))
    assert sorted(place.left_alone()) == [
        "2025-03-30",
        "2025-03-31/356/folder/",
        "2025-03-31/loose.csv",
        "note.txt",
    ]
    assert place.census_dates() == [MARCH]


def test_every_folder_of_a_census_date_is_read_or_named(tmp_path):
    """`2025-W14-1` is 31 March to Python: such a folder was neither read nor named, and the returns
    in it were lost without a word.
    """
    for name in ("2025-W14-1", "2025-03-31", "20250331", "2025-03-31 "):
        put(tmp_path, f"{name}/356/return.csv")
    place = LandingPlace(str(tmp_path))
    read = {f.path.parent.parent.name for date in place.census_dates() for f in place.files(date)}
    assert read | set(place.left_alone()) == {path.name for path in tmp_path.iterdir()}


def test_a_quarter_without_a_folder_has_no_files(tmp_path):
    assert LandingPlace(str(tmp_path)).files(MARCH) == []


def test_no_landing_place_is_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(
        ObservatoryError,
        match=r"No landing place was found at .*nowhere.*OBSERVATORY_LANDING.*observatory synth",
    ):
        LandingPlace(str(tmp_path / "nowhere")).census_dates()


def test_a_file_is_known_by_its_bytes_alone(tmp_path):
    content = os.urandom(3_000_000)
    one, two = (
        put(tmp_path, "2025-03-31/a/1.csv", content),
        put(tmp_path, "2025-03-31/b/2.xlsx", content, received=1_770_000_000),
    )
    files = LandingPlace(str(tmp_path)).files(MARCH)
    assert [f.path for f in files] == [one, two]
    assert [f.open().digest for f in files] == [hashlib.sha256(content).hexdigest()] * 2
    assert (files[0].size, files[0].read()) == (len(content), content)


def test_the_landing_place_is_never_written_to(tmp_path):
    put(tmp_path, "2025-03-31/356/return.csv")
    for folder in (tmp_path / "2025-03-31" / "356", tmp_path / "2025-03-31", tmp_path):
        folder.chmod(0o500)
    before = sorted((p, p.stat().st_mtime_ns) for p in tmp_path.rglob("*"))
    place = LandingPlace(str(tmp_path))
    place.left_alone()
    [f.open() for date in place.census_dates() for f in place.files(date)]
    assert sorted((p, p.stat().st_mtime_ns) for p in tmp_path.rglob("*")) == before


@pytest.fixture
def remote():
    """A landing place that is no folder of this machine."""
    files = fsspec.filesystem("memory")
    files.pipe(
        {
            "/drop/2025-03-31/356/return.csv": b"URN,Places\n",
            "/drop/2025-03-31/356/.hidden": b"",
            "/drop/note.txt": b"",
        }
    )
    yield LandingPlace("memory://drop")
    files.rm("/drop", recursive=True)


def test_a_landing_place_behind_an_address_is_read_alike(remote):
    assert remote.census_dates() == [MARCH]
    files = remote.files(MARCH)
    assert [(f.folder, f.name, f.size, f.read()) for f in files] == [
        ("356", "return.csv", 11, b"URN,Places\n")
    ]
    assert files[0].open().digest == hashlib.sha256(b"URN,Places\n").hexdigest()
    assert remote.left_alone() == ["note.txt"]


def test_files_behind_an_address_are_received_when_they_were_put_there(remote):
    """Of two versions of a return the later one counts: a place that has no time of its files would
    take them by name.
    """
    age = dt.datetime.now(tz=dt.UTC) - remote.files(MARCH)[0].received_at
    assert dt.timedelta(seconds=-2) < age < dt.timedelta(minutes=1)
