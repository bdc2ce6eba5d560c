"""The staging view of a return: its columns with their names and types, of the returns in force.

Belongs here: the SELECT that a layout (`schemas/returns`) makes by itself, renaming and casting.
Does not belong here: views that work something out of the columns. They are written by hand in
`dbt_like_sql/staging`, and a file there stands in the place of the one that is made here.
"""

from __future__ import annotations

import textwrap

from assets.warehouse.facts import ModelError
from schemas.returns import ReturnTable

_VIEW = """\
{head}
-- grain: submission_id, sheet, row_number
-- kind: view
select
    r.submission_id,
    r.census_date,
    r.sender,
    t.version,
    r.sheet,
    r.row_number,
    {columns}
from raw.{name} as r
inner join raw.submission_table as t
    on r.submission_id = t.submission_id
    and t.table_name = '{name}'
    and t.status = 'in force'
where r.fate = 'loaded'
"""


def staging_select(table: ReturnTable) -> str:
    """The SELECT of a return's staging view, as a file of `dbt_like_sql/staging` would have it.

    Raises:
        ModelError: two columns of the layout are staged under one name.
    """
    kept = [(column.kept_as, column.staged, column.staged_type) for column in table.kept]
    derived = [(field.name, field.name, field.postgres_type) for field in table.derived]
    columns: dict[str, str] = {}
    for raw, staged, kind in [*kept, *derived]:
        if staged in columns:
            raise ModelError(
                f"schemas/returns/{table.name}.toml: two columns are called '{staged}' in staging."
                " Give one of them another `staged_as`."
            )
        value = f"r.{raw}" if kind == "text" else f"cast(r.{raw} as {kind})"
        columns[staged] = value if value == f"r.{staged}" else f"{value} as {staged}"
    described = f"{table.title}, typed, from the returns in force: {table.grain}."
    head = textwrap.fill(described, 140, initial_indent="-- ", subsequent_indent="-- ")
    return _VIEW.format(head=head, name=table.name, columns=",\n    ".join(columns.values()))
