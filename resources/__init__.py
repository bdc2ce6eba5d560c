"""What the observatory talks to: its settings, the warehouse, the landing place, the key of the
pseudonyms.

Belongs here: one module a thing outside the program, opened, used and closed; no knowledge of
figures or returns. Does not belong here: what a row means (`schemas`), what is made of it
(`assets`), when (`pipelines`).
"""
