"""Projection: children looked after and need by provision type, three years on.

`project` foretells one series, `table` says which series there are and keeps the projections,
`assets` shows them to Dagster.
"""
