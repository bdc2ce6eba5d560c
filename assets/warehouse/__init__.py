"""Warehouse: from rows in `raw` to staging, core and curated tables, by the SQL models of
`dbt_like_sql`.

`models` reads the SQL files and finds what each reads by parsing it, `tables` makes the tables and
views, `building` rewrites a quarter in one transaction, `assets` shows it all to Dagster.
"""
