"""Facts: what parsing tells of a SELECT.

Belongs here: the words for it, which everybody may know without the parser. Does not belong here:
parsing (`sql`), remembering (`known`), and the rules a model keeps (`models`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Relation = tuple[str, str]
"""Schema and table."""

Types = Mapping[str, str]
"""Each column's PostgreSQL type, in the order of the columns."""


class ModelError(ValueError):
    """A model breaks a rule; says which, and what to do."""


@dataclass(frozen=True)
class Facts:
    """Of a SELECT: the tables it reads, its columns, whether it ends in `select *`, and its
    version.

    The version is a hash of what the query does: layout, case of keywords and comments do not
    count.
    """

    upstream: frozenset[Relation]
    columns: tuple[str, ...]
    has_star: bool
    version: str


@dataclass(frozen=True)
class Understanding:
    """What parsing tells of a model's columns: their PostgreSQL types, and what they come from.

    `parents` are by column the columns that its value comes from.

    Lineage is of values: columns that only join, filter or group are not in it, a count has none.
    """

    types: dict[str, str]
    parents: dict[str, set[tuple[Relation, str]]]
