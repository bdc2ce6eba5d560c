"""Known: what was told of a SELECT before, remembered by its content, so that SQL is parsed once.

Belongs here: remembering. Does not belong here: parsing (`sql`), which is imported only where a
SELECT is new: the parser alone takes longer than most commands.

What is told rests on the text, on the tables that it reads, on the parser and on our own code. All
of it is in the key: nothing that has changed is ever found.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from assets.common.basis import digest
from assets.warehouse.facts import Facts, Relation, Types, Understanding
from resources.remembering import Remembered
from schemas.program import hash_of

_CODE = hash_of(Path(__file__).with_name(name) for name in ("facts.py", "known.py", "sql.py"))


@cache
def _parser() -> str:
    """What parses: our code and the parser's version."""
    return f"{_CODE} {metadata.version('sqlglot')}"


class Known:
    """Facts and understandings of SELECTs, each worked out where it is not remembered."""

    def __init__(self, name: str) -> None:
        self._remembered = Remembered(name)

    def facts(self, name: str, text: str) -> Facts:
        """The facts of a SELECT in the file `name`.

        Raises:
            ModelError: it is not one SELECT, or not to be followed.
        """
        key = digest("facts", _parser(), text)
        if (held := self._remembered.get(key)) is not None:
            upstream, columns, has_star, version = held
            read = frozenset((schema, table) for schema, table in upstream)
            return Facts(read, tuple(columns), has_star, version)
        from assets.warehouse import sql

        facts = sql.facts(name, text)
        # lists, for what is remembered is JSON, which has no sets
        kept = [sorted(facts.upstream), facts.columns, facts.has_star, facts.version]
        self._remembered.put(key, kept)
        return facts

    def understanding(
        self, name: str, text: str, tables: Mapping[Relation, Types]
    ) -> Understanding:
        """The columns' types and lineage of a SELECT, which reads these tables and no others.

        Raises:
            ModelError: it names a column that its tables do not have; `name` is the table's.
        """
        # a change of any type beneath makes another key, and what was told of the old one is not
        # found
        read = [[*relation, *types.items()] for relation, types in sorted(tables.items())]
        key = digest("understanding", _parser(), text, read)
        if (held := self._remembered.get(key)) is not None:
            return _understanding(held)
        from assets.warehouse import sql

        understood = sql.understanding(name, text, tables)
        parents = {
            column: [[*relation, of] for relation, of in sorted(told)]
            for column, told in understood.parents.items()
        }
        self._remembered.put(key, [understood.types, parents])
        return understood

    def keep(self) -> None:
        """Write down what is new, for the next process."""
        self._remembered.keep()


def _understanding(held: Any) -> Understanding:
    types, parents = held
    read = {
        column: {((schema, table), of) for schema, table, of in told}
        for column, told in parents.items()
    }
    return Understanding(types, read)
