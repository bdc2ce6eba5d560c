"""Every column of the observatory, once (`dictionary/*.toml`): type, unit, description.

Belongs here: reading the dictionary of columns, and the PostgreSQL type of each. Does not belong
here: which table holds which column (layouts in `returns/`, models in `dbt_like_sql/`).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DICTIONARY = Path(__file__).parent / "dictionary"

POSTGRES_TYPES = {
    "text": "text",
    "urn": "text",
    "authority": "text",
    "figure": "text",
    "outward_code": "text",
    "area": "text",
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
    """One column's meaning: `type` is a key of `POSTGRES_TYPES`, `unit` is empty where there is
    none.
    """

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
        ValueError: a column is described twice, or its type is not one of `POSTGRES_TYPES`.
    """
    fields: dict[str, Field] = {}
    for path in sorted(DICTIONARY.glob("*.toml")):
        for name, entry in tomllib.loads(path.read_text(encoding="utf-8")).items():
            if name in fields:
                raise ValueError(
                    f"{path.name}: the column '{name}' is described twice. Describe it once, in one"
                    " file of schemas/dictionary."
                )
            fields[name] = Field(name=name, **entry)
    unknown = {f.name: f.type for f in fields.values() if f.type not in POSTGRES_TYPES}
    if unknown:
        raise ValueError(
            f"schemas/dictionary: unknown types {unknown}; expected one of"
            f" {sorted(POSTGRES_TYPES)}."
        )
    return fields


def field(name: str) -> Field:
    """The column called `name`.

    Raises:
        KeyError: no file of `dictionary` has such a column; add it there.
    """
    try:
        return all_fields()[name]
    except KeyError:
        raise KeyError(f"schemas/dictionary has no column '{name}'; describe it there.") from None
