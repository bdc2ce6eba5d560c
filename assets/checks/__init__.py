"""Checks for readers: the curated tables of a quarter held against what is expected of them, with
Data Docs as the quality report.

`report` gathers the rows and holds them up, `assets` shows the outcomes to Dagster as checks. They
never block: what must hold for a quarter to be written at all is a SQL test.
"""
