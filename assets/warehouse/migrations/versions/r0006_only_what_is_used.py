"""What no figure rests on is kept no more, and what was kept of it goes.

Of the placement census the special educational needs, which its layout asked for until September
2025; of the SSDA903's header whether the child is a mother; the SSDA903's table of children placed
for adoption (that they are is in their episodes), and what was found in it and in the table of
missing episodes. The books of the submissions stay.
"""

from __future__ import annotations

from alembic import op

revision = "r0006"
down_revision = "r0005"


def upgrade() -> None:
    """Drop the columns, what was kept of them as received, and the table with the views on it."""
    op.execute(
        """
        do $$
        declare
            held record;
        begin
            for held in
                select n.nspname, c.relname, a.attname
                from pg_class as c
                inner join pg_namespace as n on n.oid = c.relnamespace
                inner join pg_attribute as a on a.attrelid = c.oid and not a.attisdropped
                where c.relkind = 'r' and n.nspname in ('raw', 'raw_rows')
                    and (
                        c.relname = 'placement_census'
                        and a.attname in ('send', 'primary_send_category', 'primary_send_need')
                        or c.relname = 'ssda903_header' and a.attname = 'mother'
                    )
            loop
                execute format(
                    'alter table %I.%I drop column %I cascade',
                    held.nspname, held.relname, held.attname
                );
                execute format(
                    'update %I.%I set as_received = as_received - %L where as_received ? %L',
                    held.nspname, held.relname, held.attname, held.attname
                );
            end loop;
            for held in
                select n.nspname, case c.relkind when 'v' then 'view' else 'table' end as kind
                from pg_class as c
                inner join pg_namespace as n on n.oid = c.relnamespace
                where c.relname = 'ssda903_placed_for_adoption' and c.relkind in ('r', 'v')
                    and n.nspname in ('staging', 'raw', 'raw_rows')
                order by c.relkind desc
            loop
                execute format(
                    'drop %s if exists %I.ssda903_placed_for_adoption cascade',
                    held.kind, held.nspname
                );
            end loop;
            -- what was found in tables of children that are no more: nobody is kept from reading it
            for held in
                select n.nspname
                from pg_class as c
                inner join pg_namespace as n on n.oid = c.relnamespace
                where c.relname = 'finding' and c.relkind = 'r' and n.nspname in ('raw', 'raw_rows')
            loop
                execute format(
                    'delete from %I.finding where table_name in (%L, %L)',
                    held.nspname, 'ssda903_placed_for_adoption', 'ssda903_missing'
                );
            end loop;
        end
        $$
        """
    )
