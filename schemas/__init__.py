"""What it means: every column once, the layouts of returns, code sets, reference facts, regions.

Belongs here: data (TOML and CSV) and the small modules that read it. Knows no other room.
Does not belong here: anything that opens a return, talks to the database or runs on a clock.
"""
