"""Where settings stand: a real postcode of their area each, where nothing made up stands.

Belongs here: which postcode a setting has, and what is known of it. Does not belong here: who tells
it (`returns`), and where children live (`care.py`).
"""

from __future__ import annotations

import numpy as np

from made_up.drawing import Ints
from made_up.world.areas import Areas
from made_up.world.care import draw, examples_by_area

PLACE_OF_A_SETTING = 77
"""What a setting's postcode is drawn for (`draw`)."""


def place_of(unit: Ints, host: Ints, areas: Areas) -> Ints:
    """The row of each setting's postcode in `example_postcodes`: the same every quarter."""
    first, many = examples_by_area(areas)
    return first[host] + np.floor(draw(unit, PLACE_OF_A_SETTING) * many[host]).astype(np.int64)
