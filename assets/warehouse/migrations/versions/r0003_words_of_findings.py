"""Findings keep the words of which their sentences are made.

What is found from now on has them. What was found before is read again with the next run, from the
files that lie in the landing place; until then an answer shows its sentences as they were written.
Only the note on the rows of an erased child gets its words here: by them an answer leaves these
rows out of its copy, and it must not wait for the next run.
"""

from __future__ import annotations

from alembic import op

revision = "r0003"
down_revision = "r0002"

_ERASED = "about a child who was erased at the authority''s request"
"""As the door says it; written out, because a migration is never altered."""


def upgrade() -> None:
    """Add the columns, where there are findings already: a new home's table is made with them."""
    op.execute(
        f"""
        do $$
        begin
            if to_regclass('raw_rows.finding') is not null then
                alter table raw_rows.finding add column if not exists expected text;
                alter table raw_rows.finding add column if not exists hint text;
                alter table raw_rows.finding add column if not exists is_quoted boolean;
                update raw_rows.finding set hint = '{_ERASED}'
                where rule = 'set_aside' and position('{_ERASED}' in message) > 0;
            end if;
        end
        $$
        """
    )
