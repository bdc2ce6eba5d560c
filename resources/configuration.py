"""Configuration: the settings of an installation, in one file, `observatory.toml`.

Belongs here: which settings there are, reading the file, and refusing unknown settings. Does not
belong here: what a setting is used for.

Every setting also has an environment variable, which overrides the file: the file says how a
machine is set up, a variable changes it for one command. Keys (of the pseudonyms, of sealing) are
not kept in the file: anybody who looks after the machine may read it.
"""

from __future__ import annotations

import difflib
import os
import stat
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resources.errors import ObservatoryError

VARIABLE = "OBSERVATORY_CONFIG"
FILE = "observatory.toml"


@dataclass(frozen=True)
class Setting:
    """One setting: its variable, what it is, and how its value is made the variable's text (None:
    it is none).

    `unless_set` is what holds where it is not set: of a number its digits, else in words.
    """

    variable: str
    means: str
    read: Callable[[Any, Path], str | None]
    expected: str
    unless_set: str


def _text(value: Any, _: Path) -> str | None:
    return value if isinstance(value, str) and value else None


def _place(value: Any, base: Path) -> str | None:
    """A path, from the file's folder on where it is relative; an address stays as it is."""
    if not isinstance(value, str) or not value:
        return None
    return value if "://" in value else str((base / Path(value).expanduser()).absolute())


def _region(value: Any, base: Path) -> str | None:
    """The name of a region, or a file of its own: a path, or None where it is neither."""
    return (
        _place(value, base)
        if isinstance(value, str) and value.endswith(".toml")
        else _text(value, base)
    )


def _names(value: Any, _: Path) -> str | None:
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        return None
    return ",".join(value)


def _log(value: Any, _: Path) -> str | None:
    return value if value in ("text", "json") else None


def _one_of(known: tuple[str, ...]) -> Callable[[Any, Path], str | None]:
    def read(value: Any, _: Path) -> str | None:
        return value if value in known else None

    return read


def _whole(least: int, most: int) -> Callable[[Any, Path], str | None]:
    def read(value: Any, _: Path) -> str | None:
        # to Python `true` is a whole number too
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        return str(value) if is_whole and least <= value <= most else None

    return read


def _number(variable: str, means: str, least: int, most: int, unless_set: int) -> Setting:
    return Setting(
        variable,
        means,
        _whole(least, most),
        f"a whole number from {least} to {most}",
        str(unless_set),
    )


ENGINES = ("postgres", "spark")
"""What may make the tables of core and curated."""

EXECUTORS = ("in_process", "multiprocess", "celery", "k8s", "celery_k8s")
"""Who may carry out the steps of a run: Dagster's own executors."""

_PLACE = "a path (from the file's folder on) or an address"
SETTINGS: dict[str, Setting] = {
    "home": Setting("OBSERVATORY_HOME", "where everything is kept", _place, _PLACE, "`.observatory`"),
    "landing": Setting(
        "OBSERVATORY_LANDING", "the landing place", _place, "a path, or any address that fsspec opens", "`landing` in the home"
    ),
    "outbox": Setting("OBSERVATORY_OUTBOX", "where answers to senders go", _place, _PLACE, "`outbox` in the home"),
    "database_url": Setting(
        "OBSERVATORY_DATABASE_URL", "a PostgreSQL (15 or newer) of your own", _text,
        "postgresql://user:password@host/database", "the embedded one",
    ),
    "postgres": Setting(
        "OBSERVATORY_POSTGRES", "the PostgreSQL programs (15 or newer) of the embedded server", _place, "a folder",
        "those of the environment, else Debian's newest",
    ),
    "region": Setting(
        "OBSERVATORY_REGION", "a file in schemas/regions, or a path", _region,
        "the name of a region, or its file (`.toml`)", "`north_west`",
    ),
    "postcodes": Setting(
        "OBSERVATORY_POSTCODES", "a newer ONS postcode directory (CSV)", _place, _PLACE, "the one that comes with the environment"
    ),
    "server_log": Setting(
        "OBSERVATORY_SERVER_LOG", "where your own PostgreSQL's log is, for the audit", _place, _PLACE, "the embedded server's"
    ),
    "contacts": Setting(
        "OBSERVATORY_CONTACTS",
        "the region's contacts (CSV: `sender`, `name`, `email`; the line `region` is whom answers name)",
        _place, _PLACE, "`contacts.csv` in the home",
    ),
    "messages.notify": Setting(
        "OBSERVATORY_NOTIFY",
        "where the region is told of failures (once each) and of who is to be chased: apprise addresses of e-mail, Teams, Slack and others",
        _names, "a list of addresses", "nowhere",
    ),
    "messages.mail": Setting(
        "OBSERVATORY_MAIL", "the mailbox from which senders are reminded", _text, "a mailtos:// address", "none: nobody is written to"
    ),
    "statistics.api": Setting(
        "OBSERVATORY_STATISTICS_API", "DfE's public statistics API", _text, "an https:// address", "DfE's own address"
    ),
    "statistics.data_sets": Setting(
        "OBSERVATORY_STATISTICS_DATA_SETS", "DfE's data sets that `observatory fetch-statistics` takes", _names,
        "a list of identifiers, each with @version where one is meant", "none",
    ),
    "log": Setting("OBSERVATORY_LOG", "how runs print what they do", _log, '"text" or "json"', "`text`"),
    "engine": Setting(
        "OBSERVATORY_ENGINE", "what makes the tables of core and curated of what was received (docs/engines.md)",
        _one_of(ENGINES), '"postgres" or "spark"', "`postgres`",
    ),
    "executor": Setting(
        "OBSERVATORY_EXECUTOR", "who carries out the steps of a run (docs/engines.md)",
        _one_of(EXECUTORS), "in_process, multiprocess, celery, k8s or celery_k8s", "`in_process`",
    ),
    "executor_config": Setting(
        "OBSERVATORY_EXECUTOR_CONFIG", "the executor's own settings, a TOML file", _place, _PLACE, "Dagster's defaults"
    ),
    "web.hosts": Setting(
        "OBSERVATORY_WEB_HOSTS", "further names by which a reverse proxy asks for what `serve` serves", _names,
        "a list of names", "this machine's own",
    ),
    "web.port": _number("OBSERVATORY_PORT", "port of the Dagster UI", 1, 65535, 3000),
    "web.page_port": _number("OBSERVATORY_PAGE_PORT", "port of the observatory page", 1, 65535, 3001),
    "retention.runs_days": _number("OBSERVATORY_KEEP_RUNS_DAYS", "days for which Dagster's runs and events are kept", 1, 36500, 90),
    "retention.runs": _number("OBSERVATORY_KEEP_RUNS", "how many of Dagster's runs are kept at most", 1, 100000, 300),
    "retention.ticks_days": _number("OBSERVATORY_KEEP_TICKS_DAYS", "days for which looks of sensors and schedules are kept", 1, 36500, 14),
    "retention.metrics_days": _number("OBSERVATORY_KEEP_METRICS_DAYS", "days for which the runs' metrics are kept", 1, 36500, 800),
    "retention.reports": _number("OBSERVATORY_KEEP_REPORTS", "quarters whose quality reports are kept", 1, 400, 12),
    "recovery.archive": Setting(
        "OBSERVATORY_ARCHIVE", "where base backups and the write-ahead log of the embedded server are kept", _place, _PLACE, "none are kept"
    ),
    "recovery.keep_days": _number("OBSERVATORY_KEEP_ARCHIVE_DAYS", "days to which one can go back", 1, 36500, 30),
    "upgrade.lock_wait_seconds": _number("OBSERVATORY_LOCK_WAIT", "seconds for which an upgrade waits for a reader", 1, 86400, 60),
}  # fmt: skip
"""Every setting by its name in the file (`table.name`)."""

IN_THE_ENVIRONMENT = {
    VARIABLE: ("the configuration, `observatory.toml`", "the one beside the environment"),
    "OBSERVATORY_PSEUDONYM_KEY": ("the key of the pseudonyms", "made once, kept in the home"),
    "OBSERVATORY_SEAL_KEY": (
        "the key with which `observatory seal` encrypts returns",
        "none: returns stay as they came",
    ),
}
"""What the file cannot say: variables alone, what each is, and what holds unless it is set."""


def file() -> Path | None:
    """The configuration: the file that `OBSERVATORY_CONFIG` names, else `observatory.toml` beside
    the environment (`.venv`); or none.

    Raises:
        ObservatoryError: the file that is named is not there.
    """
    if named := os.environ.get(VARIABLE):
        path = Path(named).expanduser()
        if not path.exists():
            raise ObservatoryError(
                f"{VARIABLE} names {path}, and no file was found there. Correct it, or write the"
                " file (docs/deployment.md has one)."
            )
        return path
    beside = Path(sys.prefix).parent / FILE
    return beside if beside.is_file() else None


def read(path: Path) -> dict[str, str]:
    """The variables that a file sets, by name.

    Raises:
        ObservatoryError: it is no TOML, or a setting or a value in it is not known.
    """
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ObservatoryError(
            f'{path} could not be read: {error}. TOML was expected: name = "value", a line each.'
        ) from None
    except OSError as error:
        raise ObservatoryError(
            f"{path} could not be read: {error.strerror}. Let the account that runs the observatory"
            " read it."
        ) from None
    wrong, variables = [], {}
    for name, value in _flat(settings):
        setting = SETTINGS.get(name)
        if setting is None:
            wrong.append(_unknown(name))
        elif (text := setting.read(value, path.absolute().parent)) is None:
            wrong.append(f"{name} is {value!r}; {setting.expected} was expected.")
        else:
            variables[setting.variable] = text
    if wrong:
        raise ObservatoryError(f"{path}: " + " ".join(wrong))
    # these may hold a password
    if settings.keys() & {"database_url", "messages"} and path.stat().st_mode & stat.S_IRWXO:
        raise ObservatoryError(
            f"{path} holds an address with a password and may be read by everybody on this machine."
            f" Close it: chmod o= {path}"
        )
    return variables


def _flat(settings: dict[str, Any], before: str = "") -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for name, value in settings.items():
        pairs += (
            _flat(value, f"{before}{name}.")
            if isinstance(value, dict)
            else [(before + name, value)]
        )
    return pairs


def _unknown(name: str) -> str:
    if "key" in name.lower().split(".")[-1]:
        return (
            f"{name} is not known: keys do not stand in this file. Set OBSERVATORY_PSEUDONYM_KEY or"
            " OBSERVATORY_SEAL_KEY in the environment."
        )
    near = difflib.get_close_matches(name, SETTINGS, 1, 0.5) or difflib.get_close_matches(
        name.split(".")[-1], SETTINGS, 1, 0.5
    )
    return (
        f"{name} is not known;"
        f" {f'{near[0]} is: was it meant?' if near else 'known are ' + ', '.join(SETTINGS) + '.'}"
    )


def apply() -> Path | None:
    """Set the variables of the configuration that the environment does not set itself. Gives the
    file.

    Raises:
        ObservatoryError: the file, or a number in the environment, is not what was expected.
    """
    path = file()
    if path is not None:
        for variable, text in read(path).items():
            # the environment goes before the file
            os.environ.setdefault(variable, text)
    for setting in SETTINGS.values():
        given = os.environ.get(setting.variable)
        if (
            given
            and setting.expected.startswith("a whole number")
            and setting.read(int(given) if given.isdigit() else given, Path()) is None
        ):
            raise ObservatoryError(
                f"{setting.variable} is {given!r}; {setting.expected} was expected."
            )
    return path


def number(name: str) -> int:
    """A setting that is a whole number, by its name in the file."""
    return int(os.environ.get(SETTINGS[name].variable) or SETTINGS[name].unless_set)
