"""The landing place: `<census date>/<sender>/<file>`, read-only to the pipeline.

Belongs here: listing what has landed and reading bytes, from a folder or from any address that
fsspec opens. Does not belong here: what is in the files, and when they arrived
(`assets/intake/arrivals`).

Whoever may send may put anything there: a pipe that is never written to, a link to another's file,
a file without end. Only regular files are read, no link is followed on the way from the landing
place to them, and each is opened once: what is hashed is what is parsed and what is answered.
"""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import errno
import hashlib
import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resources.errors import ObservatoryError
from resources.sealing import is_sealed, opened

MAX_FILE_BYTES = 400 * 1024 * 1024
"""A larger file is no return; it is not read."""

MADE_UP, MADE_UP_ARRIVALS = ".made-up", "truth/arrivals.csv"
"""In a landing place that `synth` made: the list of what it made, and when each return is to have
come.
"""

SETTLED_SECONDS = 5
"""A file that changed later than this may still be on its way."""

_SECOND_LOOK_AFTER = 1.0

_UNDER_WAY = (".filepart", ".part", ".partial", ".tmp", ".crdownload", ".download", ".uploading")
"""How programs call a file until the last of it has come."""

_LITTER = {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "icon", "__macosx"}
"""What Windows and macOS leave beside the files of a folder."""

_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_OPEN = (
    os.O_RDONLY
    | _NOFOLLOW
    | sum(getattr(os, name, 0) for name in ("O_CLOEXEC", "O_NONBLOCK", "O_NOCTTY", "O_BINARY"))
)


_BY_HANDLE = os.open in os.supports_dir_fd
"""Whether a folder can be gone to step by step, and held (not on Windows)."""


class CannotOpen(ObservatoryError):
    """A file has no bytes to read. Carries the rule that it breaks and a hint for the sender."""

    def __init__(self, rule: str, hint: str, said: str = "") -> None:
        super().__init__(said or f"The file cannot be read: {hint}.")
        self.rule = rule
        self.hint = hint


class NotNow(Exception):
    """The file went or changed while it was looked at: the next look will see it as it is then."""


@dataclass(frozen=True)
class Content:
    """What one opening of a file gave: its bytes, or why there are none. `digest` (SHA-256) tells
    contents apart.
    """

    data: bytes
    digest: str
    fault: CannotOpen | None = None


@dataclass(frozen=True)
class LandedFile:
    """One file in the landing place. `received_at` is its own time (UTC), which whoever sent it may
    have set.

    `root` is the landing place where that is a folder of this machine: below it no link is
    followed. `changed_at` is its own time as it stands, in seconds; `received_at` is never later
    than now. `about_folder` says by which its sender's folder can be found without its name.
    """

    census_date: dt.date
    folder: str
    name: str
    path: Any
    size: int
    received_at: dt.datetime
    root: Path | None = None
    changed_at: float = 0.0
    about_folder: str = ""

    def open(self) -> Content:
        """The file, opened once. A sealed file's bytes are opened with the user's key; to seal a
        file does not change its digest.

        Raises:
            NotNow: it went, or changed while it was read.
        """
        try:
            data = self._bytes()
        except CannotOpen as fault:
            # without bytes the fault, the name and the size tell one version of the file from
            # another
            return Content(
                b"", _digest(f"{fault.rule} {fault.hint} {self.name} {self.size}".encode()), fault
            )
        if is_sealed(data):
            try:
                data = opened(data)
            except ObservatoryError as error:
                hint = (
                    "it is sealed, or begins as a sealed file does, and does not open with the key"
                    " of the observatory"
                )
                return Content(b"", _digest(data), CannotOpen("unreadable_file", hint, str(error)))
        return Content(data, _digest(data))

    def read(self) -> bytes:
        """The file's bytes; a sealed file's, opened with the user's key.

        Raises:
            CannotOpen: there are none.
            NotNow: it went, or changed while it was read.
        """
        content = self.open()
        if content.fault:
            raise content.fault
        return content.data

    def as_it_lies(self) -> bytes:
        """The file's bytes as they lie there, sealed or not. Raises as `read`."""
        return self._bytes()

    def _bytes(self) -> bytes:
        if isinstance(self.path, Path):
            return _read_here(self.path, self.root)
        if self.size > MAX_FILE_BYTES:
            raise _too_large(self.size)
        try:
            with self.path.open("rb") as file:
                # one byte more than may be, to see that there are more
                data: bytes = file.read(MAX_FILE_BYTES + 1)
        except FileNotFoundError:
            raise NotNow from None
        except OSError as error:
            raise _unreadable(error) from None
        if len(data) > MAX_FILE_BYTES:
            raise _too_large(len(data))
        return data


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _too_large(size: int) -> CannotOpen:
    return CannotOpen("too_large", f"it has {size // 1024 // 1024} MB")


def _unreadable(error: OSError) -> CannotOpen:
    if isinstance(error, PermissionError):
        return CannotOpen("unreadable_file", "the observatory's account has no right to read it")
    return CannotOpen(
        "unreadable_file",
        "the disk or the place where it lies gave an error"
        f" ({errno.errorcode.get(error.errno or 0, 'unknown')})",
    )


_KINDS = (
    (stat.S_ISLNK, "a link"), (stat.S_ISFIFO, "a named pipe"), (stat.S_ISSOCK, "a socket"), (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"), (stat.S_ISDIR, "a folder"),
)  # fmt: skip


def _refuse_what_is_no_file(mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = next((name for is_one, name in _KINDS if is_one(mode)), "no file")
        raise CannotOpen("not_a_file", f"it is {kind}")


def _read_here(path: Path, root: Path | None) -> bytes:
    """The bytes of a file of this machine: looked at before it is opened, so that no pipe or device
    is, and again once it is open.
    """
    with folder_of(path, root) as folder:
        name = path.name if folder is not None else path
        try:
            _refuse_what_is_no_file(
                os.stat(name, dir_fd=folder, follow_symlinks=root is None).st_mode
            )
            handle = os.open(name, _OPEN if root is not None else _OPEN & ~_NOFOLLOW, dir_fd=folder)
        except FileNotFoundError:
            raise NotNow from None
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.EMLINK):
                raise CannotOpen("not_a_file", "it is a link") from None
            raise _unreadable(error) from None
        with os.fdopen(handle, "rb", buffering=0) as file:
            before = os.fstat(handle)
            _refuse_what_is_no_file(before.st_mode)
            if before.st_size > MAX_FILE_BYTES:
                raise _too_large(before.st_size)
            try:
                # one byte more than it had, to see that it has grown
                data = _read_up_to(file, before.st_size + 1)
            except OSError as error:
                raise _unreadable(error) from None
            after = os.fstat(handle)
        # what was read while it changed may be of neither version
        if len(data) != before.st_size or (after.st_size, after.st_mtime_ns) != (
            before.st_size,
            before.st_mtime_ns,
        ):
            raise NotNow
        return data


def _read_up_to(file: Any, size: int) -> bytes:
    parts = []
    while size > 0 and (part := file.read(size)):
        parts.append(part)
        size -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


@contextlib.contextmanager
def folder_of(path: Path, root: Path | None) -> Iterator[int | None]:
    """The open folder that the file lies in, gone to from the landing place step by step without
    following a link; None without one.
    """
    if root is None or not _BY_HANDLE:
        if root is not None and any(
            folder.is_symlink() for folder in path.parents if root in folder.parents
        ):
            raise CannotOpen("not_a_file", "its folder is a link")
        yield None
        return
    at = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for name in path.relative_to(root).parts[:-1]:
            try:
                within = os.open(name, os.O_RDONLY | os.O_DIRECTORY | _NOFOLLOW, dir_fd=at)
            except FileNotFoundError:
                raise NotNow from None
            except OSError as error:
                if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.EMLINK):
                    raise CannotOpen("not_a_file", "its folder is a link") from None
                raise _unreadable(error) from None
            os.close(at)
            at = within
        yield at
    finally:
        os.close(at)


def is_quarter_end(date: dt.date) -> bool:
    """Whether `date` is the last day of March, June, September or December."""
    return (date + dt.timedelta(days=1)).day == 1 and date.month % 3 == 0


def census_date_of(name: str) -> dt.date | None:
    """The census date that a folder's name says, or None."""
    try:
        date = dt.date.fromisoformat(name)
    except ValueError:
        return None
    # `fromisoformat` takes other spellings as well, such as 20251231
    return date if date.isoformat() == name and is_quarter_end(date) else None


def _open(landing: str) -> Any:
    if "://" in landing:
        from upath import UPath  # only for remote places: its import is slow

        return UPath(landing)
    return Path(landing)


def _moment(seconds: float) -> dt.datetime:
    """A file's time in whole seconds, not later than now: no time that a sender may set is one that
    no calendar has.
    """
    return dt.datetime.fromtimestamp(int(max(0.0, min(seconds, time.time()))), tz=dt.UTC)


def _shown(name: str) -> str:
    """A name as text: one that is no text is shown as far as it is."""
    return os.fsencode(name).decode("utf-8", "replace")


def is_litter(name: str) -> bool:
    """Whether a file of this name is none of a sender's: hidden, an office program's lock, what
    Windows and macOS leave beside files.
    """
    plain = name.casefold()
    return name.startswith((".", "~$")) or plain in _LITTER or plain.endswith(":zone.identifier")


def is_under_way(name: str) -> bool:
    """Whether a file has the name that it has until the last of it has come."""
    return name.casefold().endswith(_UNDER_WAY)


class LandingPlace:
    """The landing place at `address` (a path or an fsspec address)."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.root = _open(address)
        self.growing: dict[dt.date, list[LandedFile]] = {}
        """By census date the files that the last look left for later, because they were still
        growing.
        """

    @property
    def _is_here(self) -> bool:
        return isinstance(self.root, Path)

    def _is_folder(self, path: Any) -> bool:
        """Whether it is a folder, and no link to one."""
        return path.is_dir() and not (self._is_here and path.is_symlink())

    def _entries(self, folder: Any) -> list[Any]:
        """What is in a folder; nothing where it may not be looked into (`refused` says so) or is
        gone.
        """
        try:
            return list(folder.iterdir())
        except (PermissionError, FileNotFoundError, NotADirectoryError):
            return []

    def census_dates(self) -> list[dt.date]:
        """Census dates that have a folder, the oldest first.

        Raises:
            ObservatoryError: there is no landing place at the address.
        """
        if not self.root.is_dir():
            raise ObservatoryError(
                f"No landing place was found at {self.address}; a folder with one folder a census"
                " date was expected. Make it, set OBSERVATORY_LANDING, or make returns to try with"
                " `observatory synth --out DIR`."
            )
        dates = (
            census_date_of(folder.name) for folder in self.root.iterdir() if self._is_folder(folder)
        )
        return sorted(date for date in dates if date)

    def left_alone(self) -> list[str]:
        """What stands in the landing place and is not in a census date's and sender's folder: left
        alone, and said so.

        The names are their senders', and may name children: `telling.place_label` gives what may be
        told of them.
        """
        odd = []
        for entry in sorted(self.root.iterdir(), key=lambda e: e.name):
            date = census_date_of(entry.name) if entry.is_dir() else None
            if date is None:
                if entry.name != "truth" and not entry.name.startswith("."):
                    odd.append(_shown(entry.name))
                continue
            for sender in self._entries(entry) if self._is_folder(entry) else ():
                if not sender.is_dir():
                    if not is_litter(sender.name):
                        odd.append(_shown(f"{entry.name}/{sender.name}"))
                elif self._is_folder(sender):
                    odd += [
                        _shown(f"{entry.name}/{sender.name}/{e.name}/")
                        for e in self._entries(sender)
                        if self._is_folder(e) and not is_litter(e.name)
                    ]
        return odd

    def refused(self) -> list[tuple[str, str]]:
        """Folders of census dates and senders that are not looked into, each with the reason:
        links, and what may not be read.
        """
        if not self._is_here:
            return []
        lines = []
        dates = [
            entry
            for entry in sorted(self.root.iterdir())
            if census_date_of(entry.name) and entry.is_dir()
        ]
        senders = [
            sender
            for date in dates
            if self._is_folder(date)
            for sender in sorted(self._entries(date))
            if sender.is_dir()
        ]
        for folder in [*dates, *senders]:
            name = _shown(folder.relative_to(self.root).as_posix())
            if folder.is_symlink():
                lines.append(
                    (name, "is a link, and no link is followed: put the folder itself there")
                )
            # for the account that reads, which need not be the one that began the program
            elif not os.access(
                folder, os.R_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids
            ):
                lines.append(
                    (
                        name,
                        (
                            "may not be looked into by the observatory's account: give it the right"
                            " to read"
                        ),
                    )
                )
        return lines

    def under_way(self) -> list[str]:
        """Files whose upload has not ended, by their names (see `left_alone`): they wait."""
        return [
            _shown(f"{date.isoformat()}/{sender.name}/{path.name}")
            for date in self.census_dates()
            for sender in self._senders(date)
            for path in self._entries(sender)
            if is_under_way(path.name) and not is_litter(path.name)
        ]

    def _senders(self, census_date: dt.date) -> list[Any]:
        day = self.root / census_date.isoformat()
        return (
            [sender for sender in self._entries(day) if self._is_folder(sender)]
            if self._is_folder(day)
            else []
        )

    def files(self, census_date: dt.date) -> list[LandedFile]:
        """The files of a census date, in the order of their own times (none later than now), then
        by sender and name.

        What is no return is passed over: hidden files, office programs' lock files, what Windows
        and macOS leave beside files, and uploads under way. A link, a pipe or a device is listed:
        it is refused when it is opened.
        """
        landed = []
        root = self.root if self._is_here else None
        senders = sorted(self._senders(census_date), key=lambda sender: sender.name)
        for number, sender in enumerate(senders, 1):
            returns = [
                p
                for p in self._entries(sender)
                if not (is_litter(p.name) or is_under_way(p.name) or self._is_folder(p))
            ]
            files = f"{len(returns)} file{'' if len(returns) == 1 else 's'}"
            about = (
                f"folder {number} of {len(senders)} of {census_date.isoformat()} in order of name,"
                f" with {files}"
            )
            for path in returns:
                try:
                    size, modified = self._looked_at(path)
                except FileNotFoundError:
                    continue
                names = _shown(sender.name), _shown(path.name)
                landed.append(
                    LandedFile(
                        census_date, *names, path, size, _moment(modified), root, modified, about
                    )
                )
        return sorted(landed, key=lambda f: (f.received_at, f.folder, f.name))

    def _looked_at(self, path: Any) -> tuple[int, float]:
        """A file's size and time (of a link, the link's own)."""
        status = path.lstat() if self._is_here else path.stat()
        modified = getattr(status, "st_mtime", None) or 0.0
        if not modified and hasattr(path, "fs"):  # some places know the time only by asking for it
            with contextlib.suppress(NotImplementedError):
                modified = path.fs.modified(path.path).timestamp()
        return int(status.st_size), float(modified)

    def made_up_arrivals(self) -> dict[str, tuple[str, dt.datetime]]:
        """When the returns of a made-up landing place came: SHA-256 and time by path. Nothing of a
        place that `synth` did not make.
        """
        if not self._is_here or not (self.root / MADE_UP).is_file():
            return {}
        if MADE_UP_ARRIVALS not in (self.root / MADE_UP).read_text(encoding="utf-8").splitlines():
            return {}
        try:
            with (self.root / MADE_UP_ARRIVALS).open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
        except FileNotFoundError:
            return {}
        return {
            row["file"]: (row["sha256"], dt.datetime.fromisoformat(row["received_at"]))
            for row in rows
        }

    def settled(self, census_date: dt.date) -> list[LandedFile]:
        """The files of a census date without those that are still growing: what changed just now is
        looked at twice.
        """
        files = self.files(census_date)
        now = dt.datetime.now(tz=dt.UTC)
        self.growing[census_date] = []
        if not any(is_fresh(file, now) for file in files):
            return files
        before = {file.path: self._looked_at(file.path) for file in files if is_fresh(file, now)}
        time.sleep(_SECOND_LOOK_AFTER)
        settled = [
            file
            for file in files
            if file.path not in before or self._still_is(file.path, before[file.path])
        ]
        self.growing[census_date] = [
            file for file in files if file not in settled and self._is_there(file.path)
        ]
        return settled

    def _is_there(self, path: Any) -> bool:
        with contextlib.suppress(OSError):
            return bool(path.exists())
        return False

    def _still_is(self, path: Any, before: tuple[int, float]) -> bool:
        try:
            return self._looked_at(path) == before
        except FileNotFoundError:
            return False


def is_fresh(file: LandedFile, now: dt.datetime) -> bool:
    """Whether a file changed so lately that more of it may come."""
    # either way, for the sender's clock may be ahead of ours
    return abs(now.timestamp() - file.changed_at) < SETTLED_SECONDS
