"""Publication: from curated tables to a numbered release that anyone may read.

`disclosure` is the rounding rule, `tables` makes the tidy tables of a release, `release` numbers and keeps it (the ledger),
`files` writes it out, `assets` shows it all to Dagster.
"""
