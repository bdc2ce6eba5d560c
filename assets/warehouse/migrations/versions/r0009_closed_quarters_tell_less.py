"""Closed quarters keep nothing of what told others' children and fees.

A quarter that is not closed is written anew by the next run; a closed one stands as it is. So here
what stands in it is made blank: of how many authorities a comparison holds a figure (counted by
type, it told who has a child in one), and ranks among fees of one or two placements.
"""

from __future__ import annotations

from alembic import op

revision = "r0009"
down_revision = "r0008"

_BLANK = (
    ("comparison", "sub_region_authorities"),
    ("comparison", "region_authorities"),
    ("comparison", "neighbours_held"),
    ("weekly_cost", "rank_in_region"),
)


def upgrade() -> None:
    """Make the columns blank in closed quarters, in every schema that has them."""
    for table, column in _BLANK:
        op.execute(
            f"""
            do $$
            declare
                held record;
            begin
                for held in
                    select n.nspname
                    from pg_class as c
                    inner join pg_namespace as n on n.oid = c.relnamespace
                    inner join pg_attribute as a on a.attrelid = c.oid and a.attname = '{column}'
                    where n.nspname in ('curated', 'curated_rows') and c.relname = '{table}'
                        and c.relkind in ('r', 'p') and not a.attisdropped
                        and to_regclass('access.closed_quarter') is not null
                loop
                    execute format(
                        'update %I.{table} set {column} = null where census_date in '
                        '(select q.census_date from access.closed_quarter as q)', held.nspname
                    );
                end loop;
            end
            $$
            """
        )
