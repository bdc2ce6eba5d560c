"""`observatory seal`: the returns in the landing place, encrypted with the user's own key."""

from __future__ import annotations

import os
from pathlib import Path

import click

from resources.settings import ObservatoryError, settings_from_environment


@click.command("seal")
@click.option("--landing", metavar="DIR", help="The landing place, if not OBSERVATORY_LANDING's.")
@click.option("--open", "opening", is_flag=True, help="Take the seals off again.")
def command(landing: str | None, opening: bool) -> None:
    """Encrypt the returns in the landing place (AES-256) with OBSERVATORY_SEAL_KEY.

    Sealed returns are read as before wherever the key is set; they are the same submissions. Each file is replaced whole or not at all, and is read
    back before the plain one goes. Without the key nobody can open them, you included.
    """
    from resources.landing import LandingPlace
    from resources.sealing import is_sealed, opened, sealed

    settings = settings_from_environment(landing=landing)
    place = LandingPlace(settings.landing)
    if not isinstance(place.root, Path):
        raise ObservatoryError(
            f"The landing place {settings.landing} is not a folder of this machine; one was expected. Use that store's own encryption with your key."
        )
    done = 0
    for date in place.census_dates():
        for file in place.files(date):
            content = file.path.read_bytes()
            if is_sealed(content) != opening:
                continue
            changed = opened(content, file.name) if opening else sealed(content)
            if not opening and opened(changed, file.name) != content:
                raise ObservatoryError(f"{file.name} could not be read back after it was sealed. It was left as it was. Try again.")
            _replace(file.path, changed)
            done += 1
    print(f"{'Opened' if opening else 'Sealed'}: {done} file{'' if done == 1 else 's'} in {settings.landing}.")


def _replace(path: Path, content: bytes) -> None:
    """Replace a file, keeping its time and permissions: when it was received is told by its time."""
    status = path.stat()
    making = path.with_name(f".{path.name}.making")
    with os.fdopen(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.utime(making, ns=(status.st_atime_ns, status.st_mtime_ns))
    making.chmod(status.st_mode & 0o777)
    making.replace(path)
