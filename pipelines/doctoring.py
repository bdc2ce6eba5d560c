"""What is wrong with an installation, and how to mend it: one function a question, each giving what
it found.

Belongs here: looking, without changing anything: no home is made, no server started that is not
there. Does not belong here: how it is printed (`pipelines.command.doctor`).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import os
import shutil
import socket
import subprocess
import sys
import zoneinfo
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from resources import configuration
from resources.embedded_postgres import EmbeddedPostgres, binaries, short_temporary
from resources.errors import ObservatoryError
from resources.landing import LandingPlace
from resources.private import open_to_others
from resources.settings import Settings, settings_from_environment
from resources.version import VERSION

WELL, LOOK, WRONG = "well", "look", "wrong"
PROGRAMS = (
    "initdb",
    "postgres",
    "pg_ctl",
    "pg_dump",
    "pg_restore",
    "pg_basebackup",
    "pg_verifybackup",
)
_GB = 1024**3
_LEAST_SPACE, _ENOUGH_SPACE = 1 * _GB, 5 * _GB


@dataclass(frozen=True)
class Finding:
    """What one question found: how it is, of what, what was found, and how to mend it (blank where
    all is well).
    """

    state: str
    what: str
    found: str
    mend: str = ""


def examine() -> Iterator[Finding]:
    """All questions, one after the other. What a question cannot find out it says; no question
    stops the others.
    """
    yield from _asked("Python", lambda: [python()])
    yield from _asked("libraries", lambda: [libraries()])
    try:
        path = configuration.apply()
        settings = settings_from_environment()
        _ = settings.region
    except ObservatoryError as error:
        yield Finding(WRONG, "settings", str(error), "Correct it; the other questions wait for it.")
        return
    yield Finding(
        WELL, "settings", f"{path or 'no observatory.toml'}; region {settings.region.name}"
    )
    questions: dict[str, Callable[[], list[Finding]]] = {
        "PostgreSQL": lambda: [programs(settings)],
        "home": lambda: home(settings),
        "disk": lambda: [disk(settings.home)],
        "key": lambda: [key_file(settings.home)],
        "landing place": lambda: [landing(settings)],
        "ports": ports,
        "locks": lambda: [locks(settings.home)],
        "clock": lambda: [clock(settings.home)],
        "warehouse": lambda: warehouse(settings),
    }
    for what, question in questions.items():
        yield from _asked(what, question)


def _asked(what: str, question: Callable[[], list[Finding]]) -> list[Finding]:
    try:
        return question()
    except ObservatoryError as error:
        return [Finding(WRONG, what, str(error), "What it says.")]
    except OSError as error:
        return [
            Finding(
                WRONG,
                what,
                f"{error.filename}: {error.strerror}",
                "Let the account that runs the observatory reach it.",
            )
        ]


def python() -> Finding:
    """The interpreter."""
    version = f"{sys.version.split()[0]} in {sys.prefix}, observatory {VERSION}"
    if tuple(sys.version_info) < (3, 11):
        return Finding(
            WRONG,
            "Python",
            version,
            "3.11 or newer is needed: make the environment with it (make env PYTHON=...).",
        )
    return Finding(WELL, "Python", version)


def libraries() -> Finding:
    """What the package says it needs, held against what is installed."""
    from packaging.requirements import Requirement

    try:
        needed = [Requirement(line) for line in metadata.requires("sufficiency-observatory") or []]
    except metadata.PackageNotFoundError:
        return Finding(
            WRONG,
            "libraries",
            "the package itself is not installed here",
            "make env, or pip install the wheel.",
        )
    wrong = []
    for requirement in (
        one for one in needed if not one.marker or one.marker.evaluate({"extra": ""})
    ):
        try:
            held = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{requirement.name} is missing")
            continue
        if not requirement.specifier.contains(held, prereleases=True):
            wrong.append(f"{requirement.name} is {held}; {requirement.specifier} is needed")
    if wrong:
        return Finding(
            WRONG, "libraries", "; ".join(wrong), "make env, or pip install -r requirements.lock."
        )
    return Finding(WELL, "libraries", f"{len(needed)} as they are needed")


def programs(settings: Settings) -> Finding:
    """PostgreSQL's programs, and that they run here."""
    folder = binaries()
    missing = [name for name in PROGRAMS if not (folder / name).exists()]
    if missing:
        return Finding(
            WRONG,
            "PostgreSQL",
            f"{', '.join(missing)} are not in {folder}",
            "Install embedded-postgres again (make env).",
        )
    done = subprocess.run(
        [folder / "postgres", "--version"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        return Finding(
            WRONG,
            "PostgreSQL",
            f"{folder}/postgres does not run: {done.stderr.strip()[:200]}",
            "Is the system's C library too old?",
        )
    used = (
        "" if not settings.database_url else "; the server is the one of OBSERVATORY_DATABASE_URL"
    )
    return Finding(WELL, "PostgreSQL", done.stdout.strip() + used)


def home(settings: Settings) -> list[Finding]:
    """The home: there, ours, closed to others, with a place for the server's socket."""
    folder = settings.home
    if not folder.exists():
        return [
            Finding(
                LOOK,
                "home",
                f"{folder} is not there yet",
                "The first `observatory run` makes it. If there should be one, correct"
                " OBSERVATORY_HOME.",
            )
        ]
    findings = []
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        findings.append(
            Finding(
                WRONG,
                "home",
                f"{folder} cannot be written to by {_user()}",
                f"Run as its owner, or chown -R {_user()} {folder}",
            )
        )
    elif folder.stat().st_uid != os.geteuid():
        findings.append(
            Finding(
                LOOK,
                "home",
                f"{folder} is another account's",
                f"Run as its owner, or chown -R {_user()} {folder}",
            )
        )
    if rights := open_to_others(folder):
        findings.append(
            Finding(
                WRONG, "home", f"{folder} is open to every account ({rights})", f"chmod o= {folder}"
            )
        )
    socket_path = EmbeddedPostgres(folder).socket / ".s.PGSQL.5432"
    if len(str(socket_path)) > 100:
        findings.append(
            Finding(
                WRONG,
                "home",
                f"the server's socket {socket_path} has too long a path",
                "Set TMPDIR to a short folder, such as /tmp.",
            )
        )
    temporary = short_temporary()
    if not os.access(temporary, os.W_OK | os.X_OK):
        findings.append(
            Finding(
                WRONG,
                "home",
                f"{temporary} cannot be written to: the server's socket lies there",
                f"chmod 1777 {temporary}",
            )
        )
    return findings or [Finding(WELL, "home", str(folder))]


def disk(folder: Path) -> Finding:
    """Free space where the home lies."""
    # the home may not be there yet, and then its disk is that of the nearest folder
    there = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(there).free
    space = f"{free / _GB:.1f} GB free at {there}"
    if free < _LEAST_SPACE:
        return Finding(
            WRONG,
            "disk",
            space,
            "Make room: a quarter of a region needs up to 1 GB while it is written.",
        )
    if free < _ENOUGH_SPACE:
        return Finding(
            LOOK,
            "disk",
            space,
            "Ten years of quarters of one region take a few GB: plan for more room.",
        )
    return Finding(WELL, "disk", space)


def key_file(folder: Path) -> Finding:
    """The key of the pseudonyms: there, long enough, its owner's alone."""
    from resources.pseudonym import VARIABLE, find_key

    path, is_named = folder / "pseudonym.key", bool(os.environ.get(VARIABLE))
    if find_key(folder) is None:
        return Finding(
            LOOK,
            "key",
            "there is none yet",
            "The first run makes one; keep a copy of it elsewhere, under lock.",
        )
    if not is_named and path.stat().st_mode & 0o077:
        return Finding(
            WRONG, "key", f"{path} may be read by others than its owner", f"chmod 600 {path}"
        )
    return Finding(WELL, "key", f"of {VARIABLE}" if is_named else str(path))


def landing(settings: Settings) -> Finding:
    """The landing place: there, and readable down to the senders' folders."""
    place = LandingPlace(settings.landing)
    dates = place.census_dates()
    if refused := list(place.refused()):
        folders = ", ".join(
            f"a folder of {folder.split('/')[0]} {reason}" for folder, reason in refused[:3]
        )
        return Finding(
            LOOK,
            "landing place",
            f"{len(refused)} folders are not looked into: {folders}",
            f"Let {_user()} read and enter them.",
        )
    if not dates:
        return Finding(
            LOOK,
            "landing place",
            f"{settings.landing} holds no census date's folder",
            "Returns go to <census date>/<sender>/.",
        )
    files = sum(len(place.files(date)) for date in dates)
    return Finding(
        WELL,
        "landing place",
        f"{settings.landing}: {len(dates)} census dates, {files} files, made up:"
        f" {'yes' if _made_up(place) else 'no'}",
    )


def _made_up(place: LandingPlace) -> bool:
    from resources.provenance import marked

    return bool(marked(place.root))


def ports() -> list[Finding]:
    """The two ports of `serve`."""
    findings = []
    for name, what in (("web.port", "Dagster UI"), ("web.page_port", "observatory page")):
        port = configuration.number(name)
        with contextlib.closing(socket.socket()) as probe:
            # as `serve` does it: a port that was left a moment ago is free
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                mend = (
                    f"Is `observatory serve` running? Else free it, or set {name} in"
                    " observatory.toml."
                )
                findings.append(Finding(LOOK, "ports", f"{port} ({what}): {error.strerror}", mend))
    return findings or [Finding(WELL, "ports", "those of serve are free")]


def locks(folder: Path) -> Finding:
    """Whether a run or a `serve` is at work on the home."""
    held = []
    for name, who in (("run.lock", "a run"), ("serve.lock", "`observatory serve`")):
        path = folder / name
        if path.exists():
            with path.open() as handle:
                try:
                    # shared, so that two who ask at once do not take each other for a run
                    fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    held.append(who)
    if held:
        return Finding(
            LOOK,
            "locks",
            f"{' and '.join(held)} is at work on the home",
            "Nothing, unless none should be: its process is in `ps`.",
        )
    return Finding(WELL, "locks", "nobody is at work on the home")


def clock(folder: Path) -> Finding:
    """The clock: the region's time zone is known, and time has not gone back behind what was
    written.
    """
    try:
        london = dt.datetime.now(tz=zoneinfo.ZoneInfo("Europe/London"))
    except zoneinfo.ZoneInfoNotFoundError:
        return Finding(
            WRONG,
            "clock",
            "the time zone Europe/London is not known",
            "Install the system's tzdata.",
        )
    written = max(
        (
            path.stat().st_mtime
            for path in (folder / "run.lock", folder / "dagster", folder / "releases")
            if path.exists()
        ),
        default=0.0,
    )
    if written > london.timestamp() + 3600:
        ago = dt.datetime.fromtimestamp(written, tz=london.tzinfo)
        return Finding(
            WRONG,
            "clock",
            f"it is {london:%Y-%m-%d %H:%M}, and the home was written to at {ago:%Y-%m-%d %H:%M}",
            "Set the clock (timedatectl).",
        )
    return Finding(WELL, "clock", f"{london:%Y-%m-%d %H:%M} in London")


def warehouse(settings: Settings) -> list[Finding]:
    """The warehouse: reachable, of a version that this program knows, begun with this key, its
    counters closed.
    """
    from assets.access.rights import counters_are_open
    from assets.warehouse import keys, upgrading
    from resources.pseudonym import find_key
    from resources.warehouse import open_warehouse

    if (
        not settings.database_url
        and not (settings.home / "postgres" / "data" / "PG_VERSION").exists()
    ):
        return [
            Finding(LOOK, "warehouse", "there is none yet", "The first `observatory run` makes it.")
        ]
    with open_warehouse(settings) as opened, opened.reading() as connection:
        upgrading.refuse_newer(connection)
        schema, version = upgrading.held(connection)
        if not schema:
            return [
                Finding(
                    LOOK,
                    "warehouse",
                    "it is of an older version, or empty",
                    "The next `observatory run` brings it up; make a backup first.",
                )
            ]
        if (known := keys.known_check(connection)) is not None:
            keys.held_to(find_key(settings.home), known, settings.home)
        findings = []
        if schema != upgrading.head():
            found = (
                f"schema {schema}, of version {version}; this is {VERSION} with {upgrading.head()}"
            )
            findings.append(
                Finding(
                    LOOK,
                    "warehouse",
                    found,
                    "The next `observatory run` brings it up; make a backup first.",
                )
            )
        if counters_are_open(connection):
            mend = (
                "Run assets/access/counters.sql as the server's administrator (docs/security.md)."
            )
            findings.append(
                Finding(
                    LOOK,
                    "warehouse",
                    "every login sees the server's counters of whole tables",
                    mend,
                )
            )
        return findings or [
            Finding(
                WELL,
                "warehouse",
                f"schema {schema}, of version {version or VERSION}, with its own key",
            )
        ]


def _user() -> str:
    from assets.common.audit import actor

    return actor()
