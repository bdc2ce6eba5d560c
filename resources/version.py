"""The program's version: one number, which the package, the warehouse and every manifest take from
here.

CONTRIBUTING.md says when it is raised, and how a version is tagged.
"""

VERSION = "0.5.6"


def in_order(version: str) -> tuple[int, ...]:
    """A version's numbers, which sort as versions do; a part that is no number counts as 0."""
    return tuple(int(part) if part.isdigit() else 0 for part in version.split("."))
