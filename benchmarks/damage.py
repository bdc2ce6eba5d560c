"""10,000 damaged returns held up to the door: no crash, balanced books, every planted fault found
with its row named.
"""

from __future__ import annotations

import sys
import time
from collections import Counter

from assets.intake import reading
from tests.damage import faults, make

RETURNS = 10_000


def main() -> None:
    """Print how many were held up, how many kinds of damage they had, and every fault."""
    started, wrong, kinds = time.perf_counter(), 0, Counter[str]()
    for seed in range(RETURNS):
        reading.READ_BY_COLUMN_FROM = (
            0 if seed % 2 else 1_000_000
        )  # every other return as if it were a large one
        made, chosen = make(seed)
        kinds.update(chosen)
        for fault in faults(made, chosen):
            wrong += 1
            print(f"  seed {seed}, {made.table}, {chosen}: {fault}")
        if seed % 1000 == 999:
            print(
                f"  {seed + 1:,} returns, {wrong} faults, {time.perf_counter() - started:.0f} s",
                flush=True,
            )
    print(
        f"{RETURNS:,} damaged returns, {len(kinds)} kinds of damage planted"
        f" {kinds.total():,} times: {wrong} faults of ours."
    )
    if wrong:
        sys.exit(1)


if __name__ == "__main__":
    main()
