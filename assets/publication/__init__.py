"""Publication: from curated tables to a numbered release that anyone may read and nobody can be
found in.

`programme` says which tables a release has, and `tables` makes them; `disclosure` holds the rules
that print them, sets down what a reader of everything published knows, tries to work out small
counts from it, and hides more until it cannot. `release` numbers and keeps what has passed (the
ledger), `changes` tells what differs from the last one, `files`, `describing` and `spreadsheet`
write it out; `assets` shows it all to Dagster.
"""
