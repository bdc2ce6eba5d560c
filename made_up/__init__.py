"""A made-up region: returns in the real layouts, and truth files of what the curated figures must
be.

Belongs here: inventing authorities' children, providers' settings and who answered; writing the
returns as senders write them; working out the curated figures from what was invented. One seed
gives one region, byte for byte. Does not belong here: reading a return, the warehouse, or any
derivation in SQL. The truth is worked out on its own, from the same definitions, so that the two
can be held against each other.
"""

from made_up.making import MadeUpRegion, QuarterCount, make_region

__all__ = ["MadeUpRegion", "QuarterCount", "make_region"]
