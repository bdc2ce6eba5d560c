"""Returns: what senders write of the made-up region, one file a layout, as carelessly as in life.

`spelling` has the ways of writing. Belongs here: who answers, what a return holds, and which of its
rows will not count. Does not belong here: what is the case (`world`).
"""
