"""Common: what every stage needs and none of them owns.

`audit` writes down who did what, `basis` makes the mark of what something was made from,
`dagster_tables` says how a table is shown in Dagster. Does not belong here: anything that knows a
table, a model or a reader.
"""
