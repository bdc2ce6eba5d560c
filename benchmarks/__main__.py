"""`python -m benchmarks`: all benchmarks, or those named; `--full` makes the region of `history`
full-size.

With `--keep` what is measured is kept in `docs/performance.md`.
"""

from __future__ import annotations

import importlib
import sys

NAMES = [
    "quarter", "starting", "ssda903", "sector", "answer", "history", "readers", "gate", "disclosure", "damage", "projection", "landing", "correction",
    "engines",
]  # fmt: skip


def main() -> None:
    """Run the benchmarks named on the command line, else all."""
    for name in [argument for argument in sys.argv[1:] if not argument.startswith("--")] or NAMES:
        if name not in NAMES:
            raise SystemExit(f"There is no benchmark '{name}'; there are {', '.join(NAMES)}.")
        importlib.import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
