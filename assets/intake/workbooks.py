"""Workbooks: opened in a process of their own, which may take only so much memory and time.

Belongs here: that process, what it may use, and what becomes of a file that wants more. Does not
belong here: telling what kind of file it is (`reading`), and what the cells mean (`recognising`,
`parsing`).

A hostile workbook can make its reader use all memory, or never end, with a few bytes, and no
inspection beforehand finds every way to do so. The reader therefore runs in a sandbox: one process
is started for the first workbook; it opens no file itself, but forks a child (a millisecond) for
each, with a connection of its own to us. A file that takes over its process so meets no other
sender's file or answer. If a file ends its process, that file is refused. Neither process has a key
or an address: their environment is empty, and they import only this file and `beside`, not the
observatory.
"""

from __future__ import annotations

import atexit
import contextlib
import datetime as dt
import gc
import importlib.util
import io
import math
import os
import pickle
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

MAX_MEMORY_BYTES = 2 * 1024 * 1024 * 1024
"""The address space of the process that opens workbooks. The largest official file takes 0.2 GB."""

CPU_SECONDS, CPU_SECONDS_A_MEGABYTE, MOST_CPU_SECONDS = 10, 0.25, 60
"""What a file may take of the processor: so much, so much for each unpacked megabyte, and no more
than so much: what a file unpacks to is its sender's to say. A full workbook of 20 MB (2.6 million
cells, 90 MB unpacked) takes 6.5 s."""

MAX_CELLS = 20_000_000
"""Sheets that span more are no return: somewhere a stray cell stands."""

MAX_COLUMNS = 16_384
"""As many columns as a spreadsheet has."""

MAX_SHEETS = 500
"""More sheets are no return. A workbook with a sheet a home has a hundred."""

_WAIT_SECONDS = 240
"""So long a file is waited for, on a machine that is busy with other things."""

_TO_END = 5
"""So many seconds a process has to end once it has answered."""

_MAX_ANSWER_BYTES = 1 << 30

Rows = list[list[Any]]


class CannotRead(Exception):
    """The file is no spreadsheet that can be read. Carries the rule that it breaks and a hint for
    the sender.
    """

    def __init__(self, rule: str, hint: str = "") -> None:
        super().__init__(rule, hint)
        self.rule = rule
        self.hint = hint


# --- asking ------------------------------------------------------------------------------------


class _Reader:
    """The process that opens workbooks, started when it is needed and again where a file has ended
    it.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._owner = 0
        self._lock = threading.Lock()

    def read(self, data: bytes, seconds: int) -> list[tuple[str, Rows, dict[str, Any]]]:
        # one file at a time: the connection can carry one question
        with self._lock:
            control = self._ready()
            try:
                answer = _ask(control, data, seconds)
            # an answer may still come: with a new process it cannot be taken for the next file's
            except BaseException:
                self.stop()
                raise
            if isinstance(answer, CannotRead):
                raise answer
            return answer

    def _ready(self) -> socket.socket:
        if (
            self._control is None
            or self._process is None
            # after a fork the process belongs to the parent, and its answers to the parent's
            # questions
            or self._owner != os.getpid()
            or self._process.poll() is not None
        ):
            self.stop()
            self._control, theirs = socket.socketpair()
            # -I: nothing of the user's environment or of the folder we stand in is imported
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-X", "utf8", __file__], stdin=theirs.fileno(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env={name: os.environ[name] for name in ("SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}, start_new_session=True,
            )  # fmt: skip
            theirs.close()
            self._owner = os.getpid()
        return self._control

    def stop(self) -> None:
        """End the process; the next file gets a new one. A process that is another's (we were
        forked from it) is left alone.
        """
        process, self._process = self._process, None
        control, self._control = self._control, None
        if control is not None:
            control.close()
        if process is not None and self._owner == os.getpid():
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)  # and the one that it began for a file
            process.wait()


_READER = _Reader()
atexit.register(_READER.stop)


def read_workbook(data: bytes) -> list[tuple[str, Rows, dict[str, Any]]]:
    """The sheets of a workbook (.xlsx, .xlsm, .xlsb, .xls, .ods) as (name, rows of cells, what
    stands beside the values).

    Row 1 is first, the last that has something in it last. A cell is text, a number, a date or
    blank (""). Beside the values stand what `beside` finds, and `is_hidden`: whether the sheet is.

    Raises:
        CannotRead: it is protected or damaged, or opening it takes more memory or time than a
            return does.
    """
    return _READER.read(data, _seconds_for(_unpacked(data)))


def _seconds_for(unpacked: int) -> int:
    """The seconds of the processor that a file may take which says that it unpacks to so many
    bytes.
    """
    seconds = CPU_SECONDS + math.ceil(CPU_SECONDS_A_MEGABYTE * unpacked / 1024 / 1024)
    return min(seconds, MOST_CPU_SECONDS)


def _unpacked(data: bytes) -> int:
    """How many bytes the file says that it unpacks to."""
    if not data.startswith(b"PK"):
        return len(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return sum(part.file_size for part in archive.infolist())


def _ask(
    control: socket.socket, data: bytes, seconds: int
) -> list[tuple[str, Rows, dict[str, Any]]] | CannotRead:
    """Put a file to a process of its own, and take its sheets. A process that ended says by its end
    what the matter was.

    Raises:
        CannotRead: it did not end in its time, or answered nonsense: nothing more is asked there.
    """
    # the wait is bounded on our side too, whatever limits the system knows
    until = time.monotonic() + _WAIT_SECONDS
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            # our copy of its end is closed, so that its end is seen when it dies
            socket.send_fds(control, [b"?"], [theirs.fileno()])
        answer = b""
        with contextlib.suppress(_Ended, OSError):
            _put(ours, len(data).to_bytes(8, "big") + seconds.to_bytes(8, "big"), until)
            _put(ours, data, until)
            length = int.from_bytes(_take(ours, 8, until), "big")
            # the length is the process's to say: a made-up one must not take our memory
            if length <= _MAX_ANSWER_BYTES:
                answer = _take(ours, length, until)
    # it has answered, so it has only to end; otherwise it may have what is left of its time
    until = time.monotonic() + _TO_END if answer else until
    try:  # also where it has answered: it is gone before the next file comes
        ended_with = int.from_bytes(_take(control, 8, until), "big", signed=True)
    except (_Ended, OSError):
        raise _refusal(-signal.SIGKILL, seconds) from None
    if not answer:
        return _refusal(ended_with, seconds)
    try:
        return _understood(answer)
    except Exception:  # what a made-up answer raises has no end of names
        raise CannotRead(
            "unreadable_file", "the process that opened it answered nonsense"
        ) from None


class _Data(pickle.Unpickler):
    """Reads an answer as data: the file may have made the process its own, and no call of it is
    done here.
    """

    _ADMITTED = {kind.__name__: kind for kind in (dt.date, dt.datetime, dt.time, dt.timedelta)}

    def find_class(self, module: str, name: str) -> Any:
        if module != "datetime" or name not in self._ADMITTED:
            raise pickle.UnpicklingError(
                f"{module}.{name} is no kind of cell; a date, a time or a duration was expected"
            )
        return self._ADMITTED[name]


_REFUSALS = {"password_protected", "too_large", "unreadable_file"}
_BESIDE = {"is_hidden", "hidden_rows", "hidden_columns", "uncalculated", "merged"}


def _understood(answer: bytes) -> list[tuple[str, Rows, dict[str, Any]]] | CannotRead:
    """The sheets, or the refusal, that an answer says.

    Raises:
        Exception: it says neither.
    """
    answered = _Data(io.BytesIO(answer)).load()
    if isinstance(answered, tuple):
        fault, hint = answered
        if fault not in _REFUSALS or not isinstance(hint, str):
            raise ValueError("a refusal with its hint was expected")
        # the hint is shown to people, and may have been written by a hostile file
        return CannotRead(fault, hint[:300])
    for name, rows, beside in answered:
        if not (
            isinstance(name, str)
            and isinstance(rows, list)
            and set(map(type, rows)) <= {list}
            and set(beside) <= _BESIDE
        ):
            raise ValueError("a sheet's name, its rows and what stands beside them were expected")
    return answered


class _Ended(Exception):
    """The process ended, or its time was over, before it had answered."""


def _put(stream: socket.socket, data: bytes, until: float) -> None:
    stream.setblocking(False)
    rest = memoryview(data)
    while rest:
        if not select.select([], [stream], [], max(until - time.monotonic(), 0))[1]:
            raise _Ended
        with contextlib.suppress(BlockingIOError):
            rest = rest[stream.send(rest[: 1 << 20]) :]


def _take(stream: socket.socket, length: int, until: float) -> bytes:
    taken = bytearray()
    while len(taken) < length:
        if not select.select([stream], [], [], max(until - time.monotonic(), 0))[0]:
            raise _Ended
        part = stream.recv(min(length - len(taken), 1 << 20))
        if not part:
            raise _Ended
        taken += part
    return bytes(taken)


def _refusal(ended_with: int, seconds: int) -> CannotRead:
    if ended_with in (-signal.SIGXCPU, -signal.SIGKILL):
        return CannotRead(
            "too_large",
            f"opening it takes more than {seconds} seconds of the processor, or"
            f" {_WAIT_SECONDS} in all",
        )
    if ended_with == -signal.SIGSEGV:
        return CannotRead("unreadable_file", "the workbook is damaged")
    return CannotRead(
        "too_large",
        f"opening it takes more than {MAX_MEMORY_BYTES >> 30} GB of memory; delete what stands far"
        " below and beside the table",
    )


# --- the process ---------------------------------------------------------------------------------


def _serve(control: socket.socket) -> None:
    """Have each workbook read in a process of its own, until nobody asks any more, and say how each
    ended.
    """
    with contextlib.suppress(
        ImportError
    ):  # where there are no such limits, the bounds below have to do
        import resource

        for kind, most in (
            (resource.RLIMIT_AS, MAX_MEMORY_BYTES),
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_FSIZE, 0),
        ):
            most = _allowed(resource.getrlimit(kind)[1], most)
            resource.setrlimit(kind, (most, most))
    sheets(_our_own())  # what is imported and made ready once is not made ready for each file
    # what was imported is shared with the children, and looked through by none of their
    # collectors
    gc.freeze()
    while connections := socket.recv_fds(control, 1, 1)[1]:
        child = os.fork()
        if not child:
            went_well = False
            try:
                control.close()  # it has its own connection, and no other
                with socket.socket(fileno=connections[0]) as own, own.makefile("rwb") as stream:
                    went_well = _answer(stream)
            finally:
                # at once: nothing of the parent's is to be cleared up in the child
                os._exit(0 if went_well else 1)
        os.close(connections[0])
        _, status = os.waitpid(child, 0)
        control.sendall(os.waitstatus_to_exitcode(status).to_bytes(8, "big", signed=True))


def _our_own() -> bytes:
    """A workbook of ours, of one cell."""
    main, rels = (
        "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        "http://schemas.openxmlformats.org/package/2006/relationships",
    )
    of_office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    parts = {
        "_rels/.rels": (
            f'<Relationships xmlns="{rels}"><Relationship Id="r" Type="{of_office}/officeDocument"'
            ' Target="xl/workbook.xml"/></Relationships>'
        ),
        "xl/workbook.xml": (
            f'<workbook xmlns="{main}" xmlns:r="{of_office}"><sheets><sheet name="S" sheetId="1"'
            ' r:id="r"/></sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": (
            f'<Relationships xmlns="{rels}"><Relationship Id="r" Type="{of_office}/worksheet"'
            ' Target="worksheets/sheet1.xml"/></Relationships>'
        ),
        "xl/worksheets/sheet1.xml": (
            f'<worksheet xmlns="{main}"><sheetData><row r="1"><c'
            ' r="A1"><v>1</v></c></row></sheetData></worksheet>'
        ),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _answer(stream: io.BufferedRWPair) -> bool:
    """Read a workbook and answer. False where the memory is not enough."""
    header = stream.read(16)
    _limit_time(int.from_bytes(header[8:], "big"))
    answered: Any
    try:
        answered = sheets(stream.read(int.from_bytes(header[:8], "big")))
    except CannotRead as fault:
        answered = (fault.rule, fault.hint)
    except MemoryError:
        return False
    except (
        Exception
    ) as error:  # what a damaged workbook makes the libraries raise has no end of names
        answered = ("unreadable_file", f"the workbook is damaged ({type(error).__name__})")
    answer = pickle.dumps(answered, protocol=5)
    # the sheets are let go before the answer is sent: both need not be held
    del answered
    stream.write(len(answer).to_bytes(8, "big"))
    stream.write(answer)
    stream.flush()
    return True


def _limit_time(seconds: int) -> None:
    with contextlib.suppress(ImportError):
        import resource

        # the limit counts from the process's beginning, so what it has used comes on top
        used = resource.getrusage(resource.RUSAGE_SELF)
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        resource.setrlimit(
            resource.RLIMIT_CPU,
            (_allowed(hard, math.ceil(used.ru_utime + used.ru_stime) + seconds), hard),
        )


def _allowed(hard: int, wanted: int) -> int:
    """As much as wanted, where the account's own limit is not less: to go beyond that is refused,
    and no workbook would be read.
    """
    return wanted if hard < 0 else min(wanted, hard)


def sheets(data: bytes) -> list[tuple[str, Rows, dict[str, Any]]]:
    """The sheets of a workbook. Only for the process of its own: it may take all memory there is,
    or never end.
    """
    import python_calamine as calamine

    if data.startswith(b"PK"):
        data = _usual(data)
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    except calamine.PasswordError:
        raise CannotRead("password_protected") from None
    worksheets = [
        about for about in book.sheets_metadata if about.typ == calamine.SheetTypeEnum.WorkSheet
    ]
    wanted = {
        about.name: about.visible != calamine.SheetVisibleEnum.Visible for about in worksheets
    }
    if len(wanted) > MAX_SHEETS:
        raise CannotRead("too_large", f"it has {len(wanted):,} sheets")
    cells, rows_of, merged = 0, {}, {}
    for name in wanted:
        sheet = book.get_sheet_by_name(name)
        rows, columns = sheet.end if sheet.end else (-1, -1)
        # by its span, before a cell is made: one stray cell far down takes all memory
        cells += (rows + 1) * (columns + 1)
        if cells > MAX_CELLS or columns >= MAX_COLUMNS:
            raise CannotRead(
                "too_large",
                f"a cell stands in row {rows + 1}, column {columns + 1} of a sheet; delete what"
                " stands below and beside the table",
            )
        rows_of[name] = sheet.to_python(skip_empty_area=False)
        merged[name] = getattr(sheet, "merged_cell_ranges", None) or []
    beside = _beside().look_beside(data, rows_of)
    for name, about in beside.items():
        # the library tells of some formats what is merged, and this module of the others
        about["is_hidden"], about["merged"] = wanted[name], about["merged"] or merged[name]
    return [(name, _down_to_the_last(rows), beside[name]) for name, rows in rows_of.items()]


def _beside() -> ModuleType:
    """The module beside this one, found by its file: this process knows no package."""
    if "beside" not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            "beside", Path(__file__).with_name("beside.py")
        )
        sys.modules["beside"] = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
        spec.loader.exec_module(sys.modules["beside"])  # type: ignore[union-attr]
    return sys.modules["beside"]


def _down_to_the_last(rows: Rows) -> Rows:
    """The rows down to the last that has something in it, without zero bytes: no database takes
    them.
    """
    last = len(rows)
    while last and not any(cell != "" for cell in rows[last - 1]):
        last -= 1
    del rows[last:]
    for row in rows:
        for place, cell in enumerate(row):
            if isinstance(cell, str) and "\0" in cell:
                row[place] = cell.replace("\0", "")
    return rows


_PART = re.compile(rb"<Override\b([^<>]*)>")
_PART_NAME, _PART_TYPE = (
    re.compile(name + rb"\s*=\s*[\"']([^\"']*)[\"']") for name in (rb"PartName", rb"ContentType")
)
_CELLS = re.compile(r"(^|/)(sheet[^/]*|sharedstrings|workbook[^/]*|content)\.xml$", re.IGNORECASE)


def main_part(content_types: bytes) -> str:
    """The part of a package that is the workbook, as the package's own list says; blank where it
    says nothing.
    """
    for part in _PART.finditer(content_types):
        name, kind = _PART_NAME.search(part[1]), _PART_TYPE.search(part[1])
        if (
            name
            and kind
            and kind[1].endswith(b".main+xml")
            and (b"sheet" in kind[1] or b"template" in kind[1])
        ):
            return name[1].removeprefix(b"/").decode("utf-8", "replace")
    return ""


def _usual(data: bytes) -> bytes:
    """The workbook, its parts well formed, and its main part under its usual name: some programs
    call it `xl/workbook2.xml`.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = set(archive.namelist())
        for part in archive.infolist():
            if _CELLS.search(part.filename):
                _check_form(archive, part)
        main = (
            main_part(archive.read("[Content_Types].xml")) if "[Content_Types].xml" in names else ""
        )
        if (
            main not in names
            or main == "xl/workbook.xml"
            or "xl/workbook.xml" in names
            or not main.startswith("xl/")
            or "/" in main[3:]
        ):
            return data
        renamed = {
            main: "xl/workbook.xml",
            f"xl/_rels/{main[3:]}.rels": "xl/_rels/workbook.xml.rels",
        }
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as usual:
            for part in archive.infolist():
                usual.writestr(renamed.get(part.filename, part.filename), archive.read(part))
        return buffer.getvalue()


def _check_form(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """A part that is cut off or broken is refused: the reader might give the half of it that it
    understands, and the rest be lost.
    """
    from xml.parsers import expat

    def refuse(*_: object) -> None:
        raise CannotRead(
            "unreadable_file", f"the workbook is damaged ({part.filename} declares entities)"
        )

    parser = expat.ParserCreate()
    parser.EntityDeclHandler = refuse
    try:
        with archive.open(part) as content:
            parser.ParseFile(content)
    except expat.ExpatError as error:
        raise CannotRead(
            "unreadable_file", f"the workbook is damaged ({part.filename}: {error})"
        ) from None


if __name__ == "__main__":
    _serve(socket.socket(fileno=0))
