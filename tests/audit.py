"""`make audit`: the locked dependencies, with their hashes, against the faults that are known
today.

Belongs here: asking for the advisories in two places, and saying which of three things came of it.
Ends with 0 where none of the dependencies has a known fault, 1 where one has, and 3 where the
advisories could not be had, so that nothing is known: no network, or an index that has none.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

NO_FAULT, A_FAULT, NOT_KNOWN = 0, 1, 3
SERVICES = ("pypi", "osv")
ROOT = Path(__file__).resolve().parents[1]
LOCKS = (ROOT / "requirements.lock", ROOT / "requirements-spark.lock")


def ask(service: str, lock: Path) -> tuple[list[str] | None, str]:
    """The known faults of the locked dependencies, a line each, as a service has them; None, and
    why, where it could not be asked for all of them.
    """
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "found.json"
        done = subprocess.run(
            [
                sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--require-hashes", "--disable-pip", "--strict",
                "--progress-spinner", "off", "--vulnerability-service", service, "--timeout", "20", "--format", "json", "--output", str(found),
            ],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if not found.exists():
            lines = [line for line in done.stderr.splitlines() if line.strip()]
            return None, lines[-1] if lines else f"it ended with {done.returncode} and said nothing"
        packages = json.loads(found.read_text(encoding="utf-8"))["dependencies"]
    if skipped := [package["name"] for package in packages if "vulns" not in package]:
        return None, f"not asked: {', '.join(skipped[:5])}"
    return [
        f"{p['name']} {p['version']}: {v['id']}, mended in"
        f" {', '.join(v['fix_versions']) or 'no version'}"
        for p in packages
        for v in p["vulns"]
    ], ""


def main() -> int:
    """Ask, print what came of it, and give the exit code."""
    reasons = []
    for service in SERVICES:
        told = [ask(service, lock) for lock in LOCKS]
        why = "; ".join(why for _, why in told if why)
        known = [faults for faults, _ in told if faults is not None]
        faults = [fault for found in known for fault in found]
        if not faults and len(known) < len(LOCKS):
            faults = None
        if faults is None:
            reasons.append(f"  {service}: {why}")
        elif faults:
            print(f"Known faults in the locked dependencies (by {service}):", *faults, sep="\n  ")
            return A_FAULT
        else:
            print(
                f"None of the locked dependencies has a fault that is known today (by {service})."
            )
            return NO_FAULT
    print(
        "The advisories could not be had, so whether a dependency has a known fault is NOT KNOWN."
        " Run it where the network reaches one of:"
    )
    print(*reasons, sep="\n")
    return NOT_KNOWN


if __name__ == "__main__":
    sys.exit(main())
