"""Derivation: from a frame to rows that can be judged, with what is worked out of them.

Belongs here: each row's authority, ages, places and data set, by what the layout says in `derive`.
Does not belong here: how one value is worked out (`assets/intake/deriving`).
"""

from __future__ import annotations

import pandas as pd

from assets.intake.deriving import (
    ages,
    births_by_child,
    child_references,
    derive_authority,
    derive_children,
    derive_episodes,
    derive_needs,
    derive_searches,
    derive_setting_places,
)
from assets.intake.door.cells import Cells, read_cells
from assets.intake.door.frame import Frame
from assets.intake.door.rows import JudgedRows, starting
from assets.intake.reading import cell_text
from schemas.headers import header_key
from schemas.official import data_set_of
from schemas.returns import DERIVED


def no_births() -> pd.Series:
    """Dates of birth by authority and child's reference, of nobody yet."""
    return pd.Series(dtype="datetime64[us]")


def rows_of(frame: Frame, births: pd.Series, key: bytes) -> tuple[JudgedRows, pd.Series]:
    """The rows of a frame, read and with derived columns; nothing is found in them yet.

    `births` are dates of birth by `authority|REFERENCE`; they are given back with those that this
    table tells. `key` is that of the keyed hashes of places.
    """
    if frame.table.leave_alone:  # its rows are counted, and nothing else
        return JudgedRows(Cells(frame, {}, {}), frame.owners, {}, starting(frame)), births
    cells = read_cells(frame)
    authority = _authority(cells)
    derived: dict[str, pd.Series] = {}
    derive = frame.table.derive
    if derive == "data set":
        derived["data_set"] = frame.by_part(_data_sets(frame))
    if "authority_code" in DERIVED[derive]:
        derived["authority_code"] = authority
    if derive == "searches":
        derived |= derive_searches(frame.texts["siblings_to_place_with"])
    if derive == "children":
        births = _with_births(cells, authority, births)
        derived |= derive_children(cells.typed("date_of_birth"), frame.census_date)
    if derive == "episodes":
        columns = (c.name for c in frame.table.columns if c.personal == "postcode")
        postcodes = {name: frame.texts[name] for name in columns}
        derived |= derive_episodes(
            cells.parsed, postcodes, authority, births, frame.census_date, key
        )
    if derive == "orders":
        derived |= _of_orders(cells, authority, births)
    if derive == "setting places":
        derived |= derive_setting_places(_of_no_carers(frame))
    if derive == "needs":
        derived |= derive_needs(frame.table.items, cells.parsed, authority.index)
    return JudgedRows(cells, authority, derived, starting(frame)), births


def _of_no_carers(frame: Frame) -> pd.Series:
    """The postcodes of settings; blank for foster carers, whose homes are nobody's to know."""
    postcodes = frame.texts["postcode"]
    if "provision_type" not in frame.texts:
        return postcodes
    carers = frame.texts["provision_type"].str.contains("foster", case=False, na=False)
    return postcodes.mask(carers, "")


def _data_sets(frame: Frame) -> list[str]:
    """The data set of each part, by its header and by the words of its first filter."""
    names = []
    for place, part in enumerate(frame.parts):
        header = {header_key(cell_text(cell)) for cell in part.sheet.rows[part.found.header_row]}
        words = frame.texts["filter_1"][frame.part == place].str.strip().unique()
        names.append(data_set_of(header, set(words)))
    return names


BEFORE_BIRTH = "begins_before_birth"
"""Worked out for a rule, and in no table of the warehouse."""


def _of_orders(cells: Cells, authority: pd.Series, births: pd.Series) -> dict[str, pd.Series]:
    """The age at an order's start, and whether it begins before the child was born.

    The date of birth is that of the order's own row, else the header's.
    """
    references = child_references(authority, cells.canonical("child")).fillna("")
    # `reindex` answers by reference: the answers go back on the rows' own index
    birth_dates = pd.Series(births.reindex(references).to_numpy(), index=authority.index)
    born = cells.typed("date_of_birth").fillna(birth_dates.astype("datetime64[us]"))
    start = cells.typed("dolo_start")
    age = ages(born, start)
    return {
        "age_at_start": age.astype("str").where(age.notna(), None),
        BEFORE_BIRTH: (start < born).fillna(value=False).astype(bool),
    }


def _authority(cells: Cells) -> pd.Series:
    """In a pooled return each row names its authority; else it is the sender."""
    frame = cells.frame
    if not frame.table.authority_column:
        return frame.owners
    # the region is no authority: a row of its pooled return that names none has none
    owners = frame.owners.where(frame.sender_kinds == "authority")
    return derive_authority(owners, cells.canonical(frame.table.authority_column))


def _with_births(cells: Cells, authority: pd.Series, births: pd.Series) -> pd.Series:
    """The births with those of a header; where two tell one child's, the newer return counts."""
    frame, born = cells.frame, cells.typed("date_of_birth")
    parts = set(frame.part[frame.is_data])
    newest_first = sorted(
        parts, key=lambda part: frame.parts[part].submission.file.received_at, reverse=True
    )
    births_by_table = []
    for part in newest_first:
        here = frame.is_data & (frame.part == part)
        births_by_table.append(
            births_by_child(authority[here], cells.canonical("child")[here], born[here])
        )
    # newest first, and what earlier tables told last: the first of each child is the one that
    # counts
    births = pd.concat([*births_by_table, births])
    return births[~births.index.duplicated(keep="first")]
