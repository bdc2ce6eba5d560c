"""Intake: from files in the landing place to rows in `raw`, with balanced books.

`opening` makes a file's sheets and tables once for all who ask (`reading` decodes it, `recognising`
finds the tables in it), `parsing` reads cells, `door` judges rows and takes out what identifies a
child, `loading` writes rows, findings and books, `held` keeps what was read until it is answered,
`assets` shows it all to Dagster.
"""
