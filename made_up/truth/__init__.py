"""Truth: what the curated figures must be, worked out from what was made up.

The definitions of the curated tables once more, in pandas, written from their descriptions and
never from their SQL, so that the two can be held against each other. `arithmetic` is how figures
are rounded and written, `frames` who lives where and what was returned, `supply`, `care`, `money`,
`stays`, `owners`, `places`, `contracts` and others the tables, `collecting` all of them, written.
"""
