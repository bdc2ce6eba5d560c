"""`observatory seal`: the returns in the landing place, encrypted with the user's own key."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path

import click

from resources.errors import ObservatoryError
from resources.landing import CannotOpen, LandedFile, NotNow, folder_of
from resources.private import clear_unfinished, is_being_made
from resources.settings import settings_from_environment
from resources.showing import one_line


@click.command("seal")
@click.option("--landing", metavar="DIR", help="The landing place, if not OBSERVATORY_LANDING's.")
@click.option("--open", "opening", is_flag=True, help="Take the seals off again.")
def command(landing: str | None, opening: bool) -> None:
    """Encrypt the returns in the landing place (AES-256) with OBSERVATORY_SEAL_KEY.

    Sealed returns are read as before wherever the key is set; they are the same submissions. Each
    file is replaced whole or not at all, and is read back before the plain one goes. Without the
    key nobody can open them, you included.
    """
    from assets.intake.turns import label
    from resources.landing import LandingPlace

    settings = settings_from_environment(landing=landing)
    place = LandingPlace(settings.landing)
    if not isinstance(place.root, Path):
        raise ObservatoryError(
            f"The landing place {settings.landing} is not a folder of this machine; one was"
            " expected. Use that store's own encryption with your key."
        )
    done, left = 0, []
    for date in place.census_dates():
        files = place.files(date)
        for file in {file.path.parent: file for file in files}.values():
            with (
                contextlib.suppress(ObservatoryError, NotNow),
                folder_of(file.path, file.root) as folder,
            ):
                clear_unfinished(file.path.parent if folder is None else folder)
        for file in files:
            try:
                done += _turn(file, opening)
            except _Left as why:
                left.append(f"{label(file)} ({why})")
    print(
        f"{'Opened' if opening else 'Sealed'}: {done} file{'' if done == 1 else 's'} in"
        f" {settings.landing}."
    )
    if left:
        print(f"Left as they were: {one_line(', '.join(left))}.")


class _Left(Exception):
    """A file was left as it was; says why."""


def _turn(file: LandedFile, opening: bool) -> bool:
    """Seal a file, or take its seal off; whether it was not so already.

    Raises:
        _Left: it could not be done.
        ObservatoryError: what was sealed does not read back.
    """
    from assets.intake.turns import label
    from resources.sealing import is_sealed, opened, sealed

    try:
        content = file.as_it_lies()
    except CannotOpen as fault:
        raise _Left(fault.hint) from None
    except NotNow:
        raise _Left("it changed while it was read") from None
    if is_sealed(content) != opening:
        return False
    changed = _opened(content) if opening else sealed(content)
    if changed is None:
        raise _Left("it does not open with this key")
    if not opening and opened(changed) != content:
        raise ObservatoryError(
            f"{label(file)} could not be read back after it was sealed. It was left as it"
            " was. Try again."
        )
    try:
        if _replace(file, content, changed):
            return True
    except (FileNotFoundError, NotNow):
        raise _Left("it is gone") from None
    raise _Left("another file took its place")


def _opened(content: bytes) -> bytes | None:
    """A sealed file's bytes; None where they do not open: whoever sends may send what only begins
    like one, and the others are opened all the same.

    Raises:
        ObservatoryError: there is no key.
    """
    from resources.sealing import opened, require_key

    require_key()
    try:
        return opened(content)
    except ObservatoryError:
        return None


def _replace(file: LandedFile, content: bytes, changed: bytes) -> bool:
    """Replace a file, keeping its time and permissions; not where it is no longer the file that was
    read.

    The new file is made under a name that nobody can guess and that must not be there, in the very
    folder that was gone to without following a link: whoever may write to the landing place cannot
    make us write to another file.
    """
    with folder_of(file.path, file.root) as folder:
        making = f".{secrets.token_hex(16)}.making"
        name: str | Path = file.path.name
        if folder is None:  # a system without folders as handles
            making, name = str(file.path.with_name(making)), file.path
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if (
            not stat.S_ISREG(status.st_mode)
            or status.st_size != len(content)
            or status.st_mtime != file.changed_at
        ):
            return False
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        try:
            with os.fdopen(os.open(making, flags, 0o600, dir_fd=folder), "wb") as made:
                is_being_made(made.fileno())
                made.write(changed)
                made.flush()
                os.fsync(made.fileno())
                os.utime(
                    making,
                    ns=(status.st_atime_ns, status.st_mtime_ns),
                    dir_fd=folder,
                    follow_symlinks=False,
                )
                os.chmod(making, status.st_mode & 0o777, dir_fd=folder)
                os.replace(making, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(making, dir_fd=folder)
            raise
    return True
