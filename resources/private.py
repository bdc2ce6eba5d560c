"""File permissions: what the observatory writes is readable by its owner alone.

Belongs here: the umask for new files, making our folders, and finding folders that are open to
others. Does not belong here: what is written. A folder that existed before keeps its permissions:
senders may have to put files into it.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
from pathlib import Path


def keep_private() -> None:
    """From now on this process, and those it starts, make files and folders that nobody else can
    open.
    """
    os.umask(0o077)


def make_private(folder: Path) -> None:
    """Make a folder that nobody else can open, where it is missing.

    Folders on the way to it are as others would make them: nothing of ours is in them.
    """
    if folder.is_dir():
        return
    before = os.umask(0o022)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    finally:
        os.umask(before)
    folder.mkdir(mode=0o700, exist_ok=True)


def write_anew(path: Path, content: bytes, mode: int) -> None:
    """Write a file whole or not at all, in a folder to which others may write: through no name that
    was there, and to no link's end.
    """
    making = path.with_name(f".{secrets.token_hex(16)}.making")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    try:
        with os.fdopen(os.open(making, flags, 0o600), "wb") as file:
            # before the first byte, so that no other process takes it for one that was left
            is_being_made(file.fileno())
            file.write(content)
            file.flush()
            if hasattr(os, "fchmod"):
                # the rights come with the last byte: nobody reads half of it
                os.fchmod(file.fileno(), mode)
            making.replace(path)
    # also where the process was asked to end: nothing half made stays
    except BaseException:
        with contextlib.suppress(OSError):
            making.unlink()
        raise


def is_being_made(handle: int) -> None:
    """Say of an open file, for as long as it is open in this process, that it is being made:
    `clear_unfinished` leaves it.
    """
    with contextlib.suppress(ImportError, OSError):  # a system or a disk without such locks
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def clear_unfinished(folder: Path | int) -> int:
    """Take away what was being made in a folder (or its handle) when its maker was killed. Gives
    how many files. What is being made is left.
    """
    if isinstance(folder, Path):
        if folder.is_symlink() or not folder.is_dir():
            return 0
        handle = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
        try:
            return clear_unfinished(handle)
        finally:
            os.close(handle)
    cleared = 0
    for name in filter(_UNFINISHED.fullmatch, os.listdir(folder)):  # noqa: PTH208 - of a handle
        with contextlib.suppress(OSError):
            if _is_left(name, folder):
                os.unlink(name, dir_fd=folder)
                cleared += 1
    return cleared


_UNFINISHED = re.compile(r"\.[0-9a-f]{32}\.making")


def _is_left(name: str, folder: int) -> bool:
    """Whether a file is ours, and nobody is making it any more."""
    import fcntl

    status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
        return False
    handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=folder)
    try:
        # refused while its maker lives: the error is passed over by who asked
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(handle)
    return True


def let_pass(folder: Path, group: int) -> None:
    """Let a group go through a folder of ours that nobody else may open, to what is its own in
    there; not look into it.
    """
    status = folder.stat()
    if status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) == 0o700:
        os.chown(folder, -1, group)
        folder.chmod(0o710)


def open_to_others(folder: Path) -> str:
    """The rights of a folder that every user of this machine may look into or write to, as `ls`
    shows them; blank where none may.
    """
    try:
        mode = folder.stat().st_mode
    except OSError:
        return ""
    return stat.filemode(mode) if mode & 0o007 else ""
