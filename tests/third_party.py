"""`make notices`: THIRD_PARTY.md, the packages that come with the observatory and the licences
under which they come.

Belongs here: finding each locked package's licence in what it says of itself, and writing the list.
Of a package that is not installed here (it is for another platform or Python) the line that is
there stays.
"""

from __future__ import annotations

import importlib.metadata
import itertools
import re
from pathlib import Path

from tests.locks import ROOT, Locked, locked
from tests.platforms import PYTHONS

NOTICES = ROOT / "THIRD_PARTY.md"
HEAD = """# Third-party packages

Made by `make notices` from the lock and from what each package says of itself. The texts of the licences come with the
packages: each is in its `.dist-info` folder in the environment.

| package | version | licence |
|---|---|---|
"""
UNKNOWN = "not known"
ENVIRONMENTS = [
    {"sys_platform": platform, "python_version": python, "python_full_version": f"{python}.0"}
    for platform, python in itertools.product(("linux", "darwin"), PYTHONS)
]


def licence_of(name: str) -> str:
    """A package's licence in its own words: its licence expression, else its classifiers, else the
    first line of its licence.
    """
    about = importlib.metadata.metadata(name)
    if said := about.get("License-Expression"):
        return said
    classes = [
        text.rpartition("::")[2].strip()
        for text in about.get_all("Classifier") or []
        if text.startswith("License ::")
    ]
    plain = (about.get("License") or "").strip().partition("\n")[0][:60]
    if classes and classes != ["Other/Proprietary License"]:
        return ", ".join(classes)
    return plain or UNKNOWN


def line_of(package: Locked, kept: dict[tuple[str, str], str]) -> str:
    """A package's line: as it is installed here, else as it is kept."""
    try:
        is_here = importlib.metadata.version(package.name) == package.version
    except importlib.metadata.PackageNotFoundError:
        is_here = False
    said = (
        licence_of(package.name) if is_here else kept.get((package.name, package.version), UNKNOWN)
    )
    return f"| {package.name} | {package.version} | {said} |"


def kept(path: Path = NOTICES) -> dict[tuple[str, str], str]:
    """The licences in the list as it is, by package and version."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return {
        (m[1], m[2]): m[3]
        for m in re.finditer(r"^\| ([\w.-]+) \| ([\w.+-]+) \| (.+) \|$", text, re.MULTILINE)
    }


def notices() -> str:
    """The list as it is to be."""
    there = kept()
    return (
        HEAD + "\n".join(line_of(one, there) for one in locked() if one.is_for(ENVIRONMENTS)) + "\n"
    )


if __name__ == "__main__":
    NOTICES.write_text(notices(), encoding="utf-8")
    print(f"{NOTICES.name}: {len(kept())} packages")
