"""Contacts: whom to write to about a sender's returns, and whom a sender asks; the region's own
file.

Belongs here: reading the file. Does not belong here: what is written to them
(`assets/checks/chasing`), and how it is sent (`messages`).

The file (`contacts.csv` in the home, or `OBSERVATORY_CONTACTS`) names staff, so it is no part of
the program and goes into no table, answer or log; only the region's own line is shown, in every
answer.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass

from resources.errors import ObservatoryError
from resources.settings import Settings

REGION = "region"
"""The sender in whose line the region itself stands."""

_COLUMNS = ("sender", "name", "email")


@dataclass(frozen=True)
class Contact:
    """A person or a desk: a name, and an e-mail address."""

    name: str
    email: str

    def __str__(self) -> str:
        return (
            f"{self.name} ({self.email})" if self.name and self.email else self.name or self.email
        )


def contacts(settings: Settings) -> dict[str, Contact]:
    """Contacts by sender (`356`, `provider-acorn`, `region`); none where the region has no file.

    Raises:
        ObservatoryError: the file is none, lacks a column, or an address in it is none.
    """
    path = settings.contacts
    if not path.exists():
        return {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ObservatoryError(
            f"The contacts in {path} cannot be read ({type(error).__name__}); a CSV file in UTF-8"
            " was expected."
        ) from None
    if rows and (lacking := [name for name in _COLUMNS if name not in rows[0]]):
        raise ObservatoryError(
            f"The contacts in {path} have no column {', '.join(lacking)};"
            f" {', '.join(_COLUMNS)} were expected. Correct its header."
        )
    by_sender = {}
    for number, row in enumerate(rows, 2):
        sender, name, email = (str(row[column] or "").strip() for column in _COLUMNS)
        if (
            not sender
            or email.count("@") > 1
            or (email and "@" not in email)
            or any(mark in email for mark in " ,;?&<>")
        ):
            raise ObservatoryError(
                f"Line {number} of {path} has no sender, or no e-mail address of one person; both"
                " were expected. Correct it."
            )
        by_sender[sender] = Contact(name, email)
    return by_sender
