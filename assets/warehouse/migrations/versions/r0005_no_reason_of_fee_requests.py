"""The reason of a fee request is kept no more, and what was kept of it goes.

It is free text, in which words about a child may stand, and no figure rested on it. The requests
themselves stay, with their books.
"""

from __future__ import annotations

from alembic import op

revision = "r0005"
down_revision = "r0004"


def upgrade() -> None:
    """Drop the column from every table of that name, and what was kept of it as received."""
    op.execute(
        """
        do $$
        declare
            held record;
        begin
            for held in
                select n.nspname
                from pg_class as c
                inner join pg_namespace as n on n.oid = c.relnamespace
                inner join pg_attribute as a on a.attrelid = c.oid and a.attname = 'fee_reason'
                where n.nspname in ('raw', 'raw_rows') and c.relname = 'fee_requests' and c.relkind = 'r' and not a.attisdropped
            loop
                execute format(
                    'alter table %I.fee_requests drop column fee_reason cascade', held.nspname
                );
                execute format(
                    'update %I.fee_requests set as_received = as_received - %L '
                    'where as_received ? %L', held.nspname, 'fee_reason', 'fee_reason'
                );
            end loop;
        end
        $$
        """
    )
