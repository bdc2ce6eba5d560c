"""Logins of a sub-region's group: the sub-region that each is of."""

from __future__ import annotations

from alembic import op

revision = "r0008"
down_revision = "r0007"


def upgrade() -> None:
    """Add the column; logins that there are have none."""
    op.execute(
        "alter table access.login add column if not exists sub_region_name text"
        " constraint a_group_has_a_sub_region"
        " check ((kind = 'sub_regional') = (sub_region_name is not null))"
    )
