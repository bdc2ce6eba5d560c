"""Intake: from files in the landing place to rows in `raw`, with balanced books.

`reading` opens a file, `recognising` finds the tables in it, `parsing` reads cells, `door` judges rows and takes out what
identifies a child, `loading` writes rows, findings and books, `assets` shows it all to Dagster.
"""
