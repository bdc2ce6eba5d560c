"""Failures outside the program (a full disk, a server that ended, a folder without write
permission), reported in a sentence.

Belongs here: recognising such an error, or the record of one, and saying what to do. Does not
belong here: failures that the program finds itself, which are reported where they are found
(`ObservatoryError`).
"""

from __future__ import annotations

import errno
import re

_AGAIN = (
    "What was not finished is as it was before; when it is mended, `observatory run` completes it."
)

_OF_THE_SERVER = {
    "DiskFull": (
        "The disk of the PostgreSQL server is full; space for a quarter's tables was expected. Make"
        " space there."
    ),
    "OutOfMemory": (
        "The PostgreSQL server had no memory left. Give it more, or let fewer read at the same"
        " time."
    ),
    "TooManyConnections": (
        "The PostgreSQL server takes no more connections. Let some of its readers leave, or raise"
        " max_connections."
    ),
    "LockNotAvailable": "Somebody held what was to be written for too long.",
    "QueryCanceled": "The PostgreSQL server, or its administrator, cancelled what was being done.",
    "AdminShutdown": "The PostgreSQL server was stopped meanwhile. Start it.",
    "IdleInTransactionSessionTimeout": (
        "The PostgreSQL server ended a transaction that waited for its next statement."
    ),
    "OperationalError": (
        "The connection to the PostgreSQL server was lost: it ended, or cannot be reached. See that"
        " it runs."
    ),
}
"""By the name of psycopg's error."""

_OF_A_DISK = {
    errno.ENOSPC: "There is no space left on the disk",
    errno.EDQUOT: "The account has used up its share of the disk",
    errno.EROFS: "The disk may only be read",
    errno.EACCES: "The account of the observatory has no right to do that",
    errno.EPERM: "The account of the observatory has no right to do that",
    errno.ENOTDIR: "A file stands where a folder was expected",
    errno.EIO: "The disk gave an error",
}


def told(error: BaseException) -> str:
    """What happened and what to do; blank where the error is none of these. What the server said is
    told, no statement and no value.
    """
    cause: BaseException = getattr(error, "orig", None) or error
    if isinstance(cause, OSError) and cause.errno in _OF_A_DISK:
        where = f": {cause.filename}" if cause.filename else ""
        return f"{_OF_A_DISK[cause.errno]}{where}. Mend that. {_AGAIN}"
    if type(cause).__module__.partition(".")[0] == "psycopg":
        return of_the_server(type(cause).__name__, str(cause))
    return ""


def recorded(name: str, message: str) -> str:
    """As `told`, of an error that Dagster has recorded, by its name and message."""
    number = re.match(r"\w+: \[Errno (\d+)\] [^:]*(?:: '(.*)')?", message.strip())
    if number:
        return told(OSError(int(number[1]), "", number[2] or None))
    return of_the_server(name, message)


def of_the_server(name: str, message: str) -> str:
    """As `told`, of an error of psycopg's by its name and message."""
    name = name.rpartition(".")[2]
    if name not in _OF_THE_SERVER:
        return ""
    lines = message.strip().splitlines()
    answer = lines[0].partition(f"{name}: ")[2] or lines[0] if lines else ""
    return f"{_OF_THE_SERVER[name]} {_AGAIN}{f' The server said: {answer}' if answer else ''}"
