r"""Making text from outside harmless before it is shown: file names, headers and values as their senders wrote them.

Belongs here: one function for each kind of place that text is put: terminal and log, Markdown, CSV, a sheet, the name of
a file. HTML is escaped by its templates, which put everything through `shown` first.
Does not belong here: whether a value may be shown at all (`assets/intake`).

A sender's text may hold escape sequences that a terminal obeys, characters that turn the reading direction, formulas for a
spreadsheet (`=1+1`), links in Markdown, and line ends that add a line of the sender's own to ours.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import string
from decimal import Decimal
from typing import Any, TextIO

INSTEAD = "\ufffd"
"""What stands where something was that cannot be shown."""

_NOT_FOR_SHOW = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but tab and line end
    "\xad\u061c\u180e\u200b\u200e\u200f"  # what is not seen, and marks of direction
    "\u2028-\u202e\u2060-\u206f"  # separators, embeddings and overrides of direction, isolates
    "\ufeff\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff"
    "\ud800-\udfff"  # half a character
    "\U000e0000-\U000e007f"  # letters that are not seen
    "]"
)
_LINE_ENDS = re.compile(r"[\t\n]+")


def shown(text: object) -> str:
    """A text from outside as it may be shown; what a terminal or a reader would obey becomes
    \ufffd. Line ends stay.
    """
    return _NOT_FOR_SHOW.sub(INSTEAD, str(text).replace("\r\n", "\n"))


def one_line(text: object) -> str:
    """A text as it may be shown inside a line of ours: line ends and tabs become spaces."""
    return _LINE_ENDS.sub(" ", shown(text))


def in_table(value: Any) -> str:
    """A value as it may stand in a table that the command prints."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float | Decimal):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return one_line(
        json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
    )


_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+.!|~&:@=$^\"'/]|(?<![a-zA-Z0-9])-|-(?![a-zA-Z0-9]))")


def in_markdown(text: object) -> str:
    """A text as it may stand in Markdown, a table's cell included: no markup, link, picture,
    address or HTML of its own.
    """
    # an entity, because some readers take a backslash before a punctuation mark for a backslash
    return _MARKDOWN.sub(lambda match: f"&#{ord(match[1])};", one_line(text))


_OBEYED = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20", "|", "%")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*(?:e[+-]?\d+)?%?", re.IGNORECASE | re.ASCII)


def in_csv(value: Any) -> Any:
    """A cell as it may stand in a CSV that a spreadsheet opens; what is no text, and a text that is
    a number, stays as it is.

    A text that a spreadsheet would work out gets an apostrophe before it. Line ends stay: a CSV's
    quotes hold them.
    """
    if not isinstance(value, str):
        return value
    text = shown(value)
    # a minus before a number is a number's: nothing is worked out
    return (
        f"'{text}"
        if value.lstrip(" \n").startswith(_OBEYED) and not _NUMBER.fullmatch(text)
        else text
    )


_KEPT = frozenset(string.ascii_lowercase + string.digits + " _-.")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?")
_LONGEST = 120


def file_name(name: str) -> str:
    """A folder's or file's name for a text from outside: another text has another name, on every
    file system.

    Small letters, digits, space, `_`, `-` and `.` stay; every other character is written `~` and
    its bytes. No name differs from another by case alone, is hidden, is reserved by an operating
    system, or leads elsewhere. A very long one is cut, and ends in a hash of the whole.
    """
    written = "".join(c if c in _KEPT else _written_out(c) for c in name)
    if not written:
        return "~"
    # names that Windows keeps for devices, and names that are hidden or end in what it cuts off
    if written[0] in " ." or _RESERVED.fullmatch(written):
        written = _written_out(written[0]) + written[1:]
    if written[-1] in " .":
        written = written[:-1] + _written_out(written[-1])
    if len(written) > _LONGEST:
        # a name on a disk need not be whole text
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
        written = f"{written[: _LONGEST - 34]}~~{digest[:32]}"
    return written


def _written_out(character: str) -> str:
    return "".join(f"~{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))


class Shown:
    """A stream on which nothing is written that a terminal would obey: the last net, whoever
    prints.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text as it may be shown."""
        if not isinstance(text, str):
            raise TypeError(f"A text was expected, {type(text).__name__} was found.")
        self._stream.write(shown(text))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Write each text as it may be shown."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
