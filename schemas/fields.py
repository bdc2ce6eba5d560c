"""Every column of the observatory, once (`fields.toml`): type, unit, description.

Belongs here: reading the dictionary of columns, and the PostgreSQL type of each.
Does not belong here: which table holds which column (layouts in `returns/`, models in `dbt_like_sql/`).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent

POSTGRES_TYPES = {
    "text": "text",
    "urn": "text",
    "authority": "text",
    "integer": "integer",
    "money": "numeric",
    "number": "numeric",
    "rate": "numeric",
    "date": "date",
    "timestamp": "timestamp with time zone",
    "yes_no": "boolean",
    "boolean": "boolean",
    "json": "jsonb",
}
"""PostgreSQL's name for each type a field may have."""


@dataclass(frozen=True)
class Field:
    """One column's meaning: `type` is a key of `POSTGRES_TYPES`, `unit` is empty where there is none."""

    name: str
    type: str
    description: str
    unit: str = ""

    @property
    def postgres_type(self) -> str:
        """The column's type in the warehouse."""
        return POSTGRES_TYPES[self.type]


@cache
def all_fields() -> dict[str, Field]:
    """All columns by name.

    Raises:
        ValueError: a column's type is not one of `POSTGRES_TYPES`.
    """
    entries = tomllib.loads((HERE / "fields.toml").read_text(encoding="utf-8"))
    fields = {name: Field(name=name, **entry) for name, entry in entries.items()}
    unknown = {f.name: f.type for f in fields.values() if f.type not in POSTGRES_TYPES}
    if unknown:
        raise ValueError(f"fields.toml: unknown types {unknown}; expected one of {sorted(POSTGRES_TYPES)}.")
    return fields


def field(name: str) -> Field:
    """The column called `name`.

    Raises:
        KeyError: `fields.toml` has no such column; add it there.
    """
    try:
        return all_fields()[name]
    except KeyError:
        raise KeyError(f"fields.toml has no column '{name}'; describe it there.") from None
