"""The stop list and a warehouse that was put back to a day before: whom it forgot is erased again,
before anything is read or served.

Belongs here: what `run`, `serve` and the sensor do first. Does not belong here: erasing
(`assets/access/erasure`).
"""

from __future__ import annotations

import datetime as dt

from resources.settings import Settings
from resources.warehouse import Warehouse


def erase_whom_it_forgot(warehouse: Warehouse, settings: Settings) -> list[dt.date]:
    """Erase again whom the home's stop list names and the warehouse does not: its files were put
    back to a day before.

    Gives the quarters that are to be rewritten without them.
    """
    from assets.access import erasure
    from assets.answering.outbox import remove_answers
    from assets.publication.drafts import write_draft_files
    from assets.warehouse.keys import warehouse_key

    number = erasure.forgotten(warehouse, settings.home)
    if not number:
        return []
    warehouse_key(warehouse, settings.home)  # with another key the list would find nobody
    erased = erasure.hold_to_stop_list(warehouse, settings.home)
    remove_answers(settings.outbox, erased.returns)
    write_draft_files(warehouse, settings.drafts)  # those of the drafts that counted the child go
    if erased.rows:
        erasure.leave_no_trace(warehouse)
    rows = sum(erased.rows.values())
    print(
        f"The stop list names {number} whom the warehouse did not know to be erased; erased again,"
        f" {rows} rows.",
        flush=True,
    )
    return erased.quarters
