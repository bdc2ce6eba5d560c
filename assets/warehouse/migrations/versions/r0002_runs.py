"""Runs and what they measured: how long each step took, how many rows were written, how many rows
broke a check.
"""

from __future__ import annotations

from alembic import op

revision = "r0002"
down_revision = "r0001"


def upgrade() -> None:
    """Make the two tables."""
    op.execute(
        """
        create table raw.run (
            run_id text primary key,
            job text not null,
            first_quarter date,
            last_quarter date,
            started_at timestamptz not null,
            seconds numeric not null,
            outcome text not null,
            program_version text not null
        )
        """
    )
    op.execute(
        """
        create table raw.run_metric (
            run_id text not null references raw.run on delete cascade,
            kind text not null check (kind in ('step seconds', 'rows', 'offending rows')),
            name text not null,
            value numeric not null,
            primary key (run_id, kind, name)
        )
        """
    )
