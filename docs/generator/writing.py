"""Markdown as the generated pages are written: escaped prose, tables, headings.

Belongs here: how text is written. Does not belong here: what a page says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_SPECIAL = re.compile(r"([\\*_\[\]<>|#$~^{}])")
_CODE = re.compile(r"(`[^`]+`)")


def plain(text: object) -> str:
    """A text on one line that Markdown takes as it is."""
    return _SPECIAL.sub(r"\\\1", " ".join(str(text).split())).replace("`", "\\`")


def prose(text: object) -> str:
    """A text on one line whose code (between backticks) is shown as code."""
    parts = _CODE.split(" ".join(str(text).split()))
    return "".join(
        part.replace("|", "\\|") if n % 2 else plain(part) for n, part in enumerate(parts)
    )


def code(text: object) -> str:
    """A name, shown as code."""
    return f"`{str(text).replace('|', chr(92) + '|')}`"


def codes(names: Iterable[object]) -> str:
    """Names, shown as code, with commas."""
    return ", ".join(map(code, names))


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str = "None.") -> str:
    """A table of cells that are Markdown already; `empty` where there are no rows."""
    lines = [f"| {' | '.join(cells)} |" for cells in rows]
    if not lines:
        return empty
    return "\n".join([f"| {' | '.join(header)} |", "|" + "---|" * len(header), *lines])


def block(text: str, language: str = "text") -> str:
    """A block of code, long enough a fence that nothing in it ends it."""
    return f"````{language}\n{text.rstrip()}\n````"


def html(text: str) -> str:
    """HTML that is put into the page as it is."""
    return f"````{{raw}} html\n{text}\n````"


def page(title: str, *parts: str, orphan: bool = False) -> str:
    """A page: its title and its parts, blank lines between them. An orphan is in no list of
    contents.
    """
    head = "---\norphan: true\n---\n" if orphan else ""
    return head + "\n\n".join([f"# {title}", *(part for part in parts if part)]) + "\n"


def contents(names: Iterable[str], *, hidden: bool = True) -> str:
    """The pages below this one, for the site's list of contents."""
    options = ":hidden:\n" if hidden else ""
    return "```{toctree}\n" + options + "\n".join(["", *names]) + "\n```"
