"""What exists: one package a stage, from the landing place to the release.

One stands on those before it: common, warehouse, intake, access, answering, projection, checks,
publication, page.

Belongs here: plain functions that run and are tested without Dagster, and thin assets over them.
Does not belong here: when they run (`pipelines`), what a column means (`schemas`), how a figure is
derived (`dbt_like_sql`).
"""
