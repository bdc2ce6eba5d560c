"""Spells of being missing or away are asked for no more, and what was kept of them goes.

No figure ever rested on them. Submissions keep their books: how many rows came, and what became of
them. The name stands for a table in older homes, and for a view on one in newer ones.
"""

from __future__ import annotations

from alembic import op

revision = "r0004"
down_revision = "r0003"


def upgrade() -> None:
    """Drop what has the name, the views on it first."""
    op.execute(
        """
        do $$
        declare
            held record;
        begin
            for held in
                select n.nspname, case c.relkind when 'v' then 'view' else 'table' end as kind
                from pg_class as c
                inner join pg_namespace as n on n.oid = c.relnamespace
                where c.relname = 'ssda903_missing' and c.relkind in ('r', 'v')
                    and n.nspname in ('staging', 'raw', 'raw_rows')
                order by c.relkind desc
            loop
                execute format(
                    'drop %s if exists %I.ssda903_missing cascade', held.kind, held.nspname
                );
            end loop;
        end
        $$
        """
    )
