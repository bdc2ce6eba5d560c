"""Submission: one file on its way in, with the tables recognised in it and what was found of it.

Belongs here: what is known of a file before its rows are judged.
Does not belong here: rules (`header_rules`, and those that read rows), version numbers (`loading`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from assets.intake.door.findings import Finding
from assets.intake.door.header_rules import judge_headers
from assets.intake.door.senders import Sender, sender_of
from assets.intake.opening import OpenedFile
from assets.intake.reading import Sheet
from assets.intake.recognising import Recognised
from resources.landing import LandedFile
from schemas.rules import REJECTS_FILE

NOT_RECOGNISED = "not recognised"
"""Where the books of a submission name a table: that none was recognised in it."""


@dataclass
class Submission:
    """One file on its way in: its tables, and what was found about the file as a whole.

    Its findings are added to while its rows are judged; a table of a file that is rejected stays
    among `tables`, so that its rows are counted.
    """

    id: str
    file: LandedFile
    sender: Sender
    content_hash: str
    opened: OpenedFile
    tables: list[tuple[Sheet, Recognised]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_rejected(self) -> bool:
        """Whether a blocking fault rejects the file as a whole."""
        return any(finding.severity == REJECTS_FILE for finding in self.findings)

    def record(self, findings: Iterable[Finding]) -> None:
        """Put findings about the file, or a sheet of it, on record."""
        self.findings.extend(findings)


def open_submission(
    id_: str, file: LandedFile, content_hash: str, opened: OpenedFile | None = None
) -> Submission:
    """Recognise a file's tables; what is wrong with the file is recorded, never raised.

    `opened` is the file where it has been opened already: it is not opened again.

    Raises:
        NotNow: the file went, or changed while it was read.
    """
    sender, opened = sender_of(file.folder, file.census_date), opened or OpenedFile(file)
    submission = Submission(id_, file, sender, content_hash, opened)
    if sender.kind == "unknown":  # it is not read: what is in it is nobody's return
        submission.record([_unknown(sender, file)])
    elif opened.fault:
        submission.record([Finding(opened.fault.rule, hint=opened.fault.hint)])
    else:
        submission.tables, findings = judge_headers(opened.tables, sender.kind, file)
        submission.record(findings)
    return submission


def _unknown(sender: Sender, file: LandedFile) -> Finding:
    """That a folder is no sender's, in words that do not repeat a name which may be a child's."""
    form = sender.name.removeprefix("unknown (").removesuffix(")")
    place = f", {file.about_folder}," if file.about_folder else ""
    is_told = sender.name == form
    named = f"is called '{sender.name}'" if is_told else f"has a name that is {form}"
    return Finding("unknown_sender", value=form, hint=f"{place} {named}")
