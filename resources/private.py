"""Private: what the observatory writes is readable by its owner alone.

Belongs here: the mask for new files, making folders of ours, and telling which folders are open to others.
Does not belong here: what is written. A folder that was there keeps the rights that its owner gave it: senders may have to drop files into it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path


def keep_private() -> None:
    """From now on this process, and those it starts, make files and folders that nobody else can open."""
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
    """Write a file whole or not at all, in a folder to which others may write: through no name that was there, and to no link's end."""
    making = path.with_name(f".{secrets.token_hex(16)}.making")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    try:
        with os.fdopen(os.open(making, flags, 0o600), "wb") as made:
            made.write(content)
            if hasattr(os, "fchmod"):
                os.fchmod(made.fileno(), mode)
        making.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            making.unlink()
        raise


def let_pass(folder: Path, group: int) -> None:
    """Let a group go through a folder of ours that nobody else may open, to what is its own in there; not look into it."""
    status = folder.stat()
    if status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) == 0o700:
        os.chown(folder, -1, group)
        folder.chmod(0o710)


def open_to_others(folder: Path) -> str:
    """The rights of a folder that every user of this machine may look into or write to, as `ls` shows them; blank where none may."""
    try:
        mode = folder.stat().st_mode
    except OSError:
        return ""
    return stat.filemode(mode) if mode & 0o007 else ""
