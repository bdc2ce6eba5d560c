"""The door: judges what was received, drops what identifies a child, decides every row's fate.

Belongs here: senders, faults of a whole file, faults of a row, rows set aside, pseudonyms,
minimisation, and the words of what was found.
Does not belong here: opening files (`opening`, `reading`), the database (`loading`).

The way of a return through the door, one file a step:

- `senders`: who sent it, by its folder;
- `submission`: a file on its way in, with `header_rules` and `periods`: what its sheets tell;
- `frame`: the rows of one table from all files of a census date, as received, never altered;
- `setting_aside`: rows that are no data;
- `cells`: what was understood of each column, and what may be told of a cell;
- `rows`: the rows as far as they have been judged, with `derivation`: what is worked out of them;
- `cell_rules`, `row_rules`, `episode_rules`, `search_rules`, `file_rules`: the rules;
- `books`: rows, findings and books as the warehouse takes them;
- `judging`: all of these in their order.

A rule is a function from rows to an `Outcome`: findings and fates. It alters nothing; what it found
is put on record by `JudgedRows.after`, so that any rule can be read, and tried, by itself.

All files of a census date go through together, table by table and column by column: the cost is
that of the rows, not of the files. Every row has one fate: loaded, rejected or set aside. A
personal value never leaves this package: not in rows, not in findings.
"""

from assets.intake.door.books import JudgedTable
from assets.intake.door.cells import NOT_SHOWN
from assets.intake.door.findings import FINDING_COLUMNS, Finding
from assets.intake.door.judging import judge
from assets.intake.door.periods import period_fits
from assets.intake.door.rows import LOADED, REJECTED, SET_ASIDE
from assets.intake.door.senders import Sender, sender_of
from assets.intake.door.setting_aside import ERASED
from assets.intake.door.submission import NOT_RECOGNISED, Submission, open_submission

__all__ = [
    "ERASED",
    "FINDING_COLUMNS",
    "LOADED",
    "NOT_RECOGNISED",
    "NOT_SHOWN",
    "REJECTED",
    "SET_ASIDE",
    "Finding",
    "JudgedTable",
    "Sender",
    "Submission",
    "judge",
    "open_submission",
    "period_fits",
    "sender_of",
]
