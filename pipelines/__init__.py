"""When: the code location, partitions, jobs, schedules, sensors and the `observatory` command.

Belongs here: what runs when, and what a person types.
Does not belong here: what is run (`assets`).
"""
