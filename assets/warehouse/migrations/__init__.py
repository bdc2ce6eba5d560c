"""Migrations (alembic) of what must live on when a home is brought up: `raw`, the ledger, `access`
and the quarters' states.

Belongs here: one file a change in `versions/`, each never altered once it has landed, and how
alembic runs them (`env.py`). Does not belong here: what is made anew from layouts and models
(`assets/warehouse/tables.py`): views, core, curated, comments, functions, rights.
"""
