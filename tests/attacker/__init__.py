"""A standing attacker, written apart from the gate: what a reader can work out of all releases."""
