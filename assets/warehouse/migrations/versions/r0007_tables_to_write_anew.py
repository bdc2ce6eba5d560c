"""Which tables are to be written anew, because what was taken out of them still lies in their
files.

A home that was brought up before this was counted has such tables already: those of returns with a
column that was dropped, and that of findings, of which rows went.
"""

from __future__ import annotations

from alembic import op

revision = "r0007"
down_revision = "r0006"


def upgrade() -> None:
    """Make the list, with the tables that a home has now."""
    op.execute("create table if not exists raw.to_write_anew (table_name text primary key)")
    op.execute(
        """
        insert into raw.to_write_anew (table_name)
        select format('%I.%I', n.nspname, c.relname)
        from pg_class as c
        inner join pg_namespace as n on n.oid = c.relnamespace
        where
            c.relkind = 'r' and n.nspname in ('raw', 'raw_rows') and pg_relation_size(c.oid) > 0
            and (
                c.relname = 'finding'
                or exists (select from pg_attribute as a where a.attrelid = c.oid and a.attisdropped)
            )
        on conflict do nothing
        """
    )
