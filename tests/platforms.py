"""`make platforms`: the platforms on which every locked package has a wheel, asked of the package
index with uv.

Belongs here: which platforms are asked about, asking, and writing down what came of it
(`platforms.toml`) with the lock that it holds for. A lock holds hashes and no names of files:
whether there is a wheel, only the index knows.
"""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from tests.locks import RUNTIME, digest

RECORD = Path(__file__).with_suffix(".toml")

PLATFORMS = {
    "Linux x86_64": "x86_64-manylinux_2_28",
    "Linux aarch64": "aarch64-manylinux_2_28",
    "macOS arm64": "aarch64-apple-darwin",
}
"""By the name in the README: what uv calls it. Windows is none: the program forks, and locks files
as POSIX does.
"""

PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def recorded() -> dict:
    """What was found out, and the `lock` for which it holds: by platform, the Pythons that have all
    wheels.
    """
    return tomllib.loads(RECORD.read_text(encoding="utf-8"))


def has_all_wheels(platform: str, python: str) -> bool:
    """Whether the index has a wheel of every locked package, with a hash of the lock. Nothing is
    installed.
    """
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [
                "uv", "pip", "install", "--dry-run", "--no-deps", "--only-binary", ":all:", "--require-hashes", "--target", folder,
                "--python-platform", platform, "--python-version", python, "--requirement", str(RUNTIME),
            ],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    if (
        done.returncode
        and "no usable wheels" not in done.stderr
        and "no wheels with a matching" not in done.stderr
    ):
        raise SystemExit(
            f"{platform}, Python {python}: the index could not be asked."
            f" {done.stderr.strip()[-500:]}"
        )
    return done.returncode == 0


def main() -> None:
    """Ask about every platform and Python, and write it down."""
    if not shutil.which("uv"):
        sys.exit(
            "uv was not found; it is needed to ask for another platform's wheels. Install it and"
            " try again."
        )
    have: dict[str, list[str]] = {name: [] for name in PLATFORMS}
    for name, python in itertools.product(PLATFORMS, PYTHONS):
        if has_all_wheels(PLATFORMS[name], python):
            have[name].append(python)
    lines = [
        (
            "# Made by `make platforms`. The Pythons for which every package of the lock has a"
            " wheel, by platform."
        ),
        f'lock = "{digest()}"',
        "",
    ]
    lines += [
        "[wheels]",
        *(f'"{name}" = {pythons}'.replace("'", '"') for name, pythons in have.items()),
    ]
    RECORD.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(RECORD.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
