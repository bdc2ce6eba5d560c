"""Statutory rules: what DfE's rules of the SSDA903 say that came with a year, of every table of it.

Belongs here: rules named in `schemas/statutory.toml`; each holds from its year on.
Does not belong here: what makes an episode useless (its layout), other rules of episodes
(`episode_rules`).

All of them warn: real returns break them, and the child is there. Of a pooled return that holds
several years only the newest is held against the rules of its year.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from assets.intake.deriving import child_references
from assets.intake.door.derivation import BEFORE_BIRTH
from assets.intake.door.findings import Finding, RowFindings
from assets.intake.door.rows import JudgedRows, Outcome, Rule, found
from schemas import authorities
from schemas.codes import code_set
from schemas.statutory import holds, rules_by_year, year_of

_PLACES = code_set("place_903").meanings
_OUTSIDE_ENGLAND = {"CON", "NIR", "SCO", "WAL", "NUK"}
_MOST_MILES, _MILES_NOT_KNOWN = 350.0, 999.9
_CUSTODY_FROM = 10
_LETTERS_OF_SEX = "M, F or U"
_NUMBERS_OF_SEX = {"1", "2", "3"}
_NO_UPN = tuple(f"UN{number}" for number in range(1, 6))
"""What stands for a pupil number that is not known: it may be several children's."""
_FAR_OFF = pd.Timestamp(2200, 1, 1)


def _of_codes(what: str) -> dict[str, str]:
    """What the code set says of each place, where it says something."""
    return {label: meaning[what] for label, meaning in _PLACES.items() if meaning[what]}


def _by_place(rows: JudgedRows, what: str) -> pd.Series:
    """What the code set says of each row's place; missing where it says nothing."""
    codes, labels = pd.factorize(rows.cells.canonical("place"))
    facts = _of_codes(what)
    # a missing place has the code -1, which takes the last: nothing is told of it
    by_label = pd.Series([facts.get(label) for label in labels] + [None], dtype=object)
    return by_label.take(codes).reset_index(drop=True)


def _dates_by_place(rows: JudgedRows, what: str) -> pd.Series:
    return pd.to_datetime(_by_place(rows, what).astype("str"), format="%Y-%m-%d")


def _current(rows: JudgedRows) -> pd.Series:
    """Rows to be held against the rules of the year: those loaded, of a pooled return's newest."""
    year = rows.cells.canonical("year")
    newest = year.groupby(rows.frame.submission_ids).transform("max")
    return rows.frame.is_judged & rows.is_loaded & (year.isna() | (year == newest))


def _names(name: str) -> str:
    """DfE's numbers of a rule, in words."""
    numbers = rules_by_year()[name].dfe
    return f"DfE's rule{'s' if len(numbers) > 1 else ''} {' and '.join(numbers)}"


Hint = str | Callable[[pd.Series], pd.Series]
"""One text for all rows, or what makes one for each row of a mask: only these are put in words."""


def _told(
    rows: JudgedRows, name: str, at: pd.Series, column: str, hint: Hint = ""
) -> list[RowFindings]:
    """Findings of a rule that came with a year; none before it."""
    if not holds(name, rows.frame.census_date) or not at.any():
        return []
    clues = hint if isinstance(hint, str) else list(hint(at))
    return found(rows, name, at, rows.table.column(column), expected=_names(name), hint=clues)


# --- codes and their days ------------------------------------------------------------------------


def code_of_its_time(rows: JudgedRows) -> Outcome:
    """Places whose code was not valid yet when the episode ended, or no more while it went on."""
    day = pd.Timestamp(rows.frame.census_date)
    # an episode that goes on is held against the code as on the census date
    until = rows.cells.typed("dec").fillna(day).clip(upper=day)
    first, last = (_dates_by_place(rows, what) for what in ("valid_from", "valid_to"))
    early, late = until < first, until > last

    def why(at: pd.Series) -> pd.Series:
        from_, to = (ends[at].dt.strftime("%d/%m/%Y") for ends in (first, last))
        return ("is valid from " + from_).where(early[at], "was valid up to " + to)

    at = _current(rows) & (early | late)
    return Outcome(_told(rows, "code_of_another_time", at, "place", why))


def old_enough(rows: JudgedRows) -> Outcome:
    """Children younger at the start than the place takes them."""
    least = pd.to_numeric(_by_place(rows, "least_age"))
    has_least = least.notna()
    age = pd.to_numeric(rows.derived["age_at_start"].where(has_least))
    at = _current(rows) & (age < least).fillna(value=False).astype(bool)
    why = lambda at: "from the age of " + least[at].astype("int64").astype("str")  # noqa: E731
    return Outcome(_told(rows, "too_young_for_place", at, "place", why))


def what_the_place_asks(rows: JudgedRows) -> Outcome:
    """URN and provider, where the place asks for one and there is none, or the other way round."""
    cells, current = rows.cells, _current(rows)
    place, urn = cells.canonical("place"), cells.canonical("placement_urn")
    asks, since = _by_place(rows, "urn"), _dates_by_place(rows, "urn_from")
    # an open episode ends later than any day that the code set knows
    is_open = cells.typed("dec").fillna(_FAR_OFF) > since
    is_blank = rows.frame.texts["placement_urn"].str.strip() == ""
    wanted = (asks == "wanted in England") & is_blank & is_open
    # looked up only where needed: it asks for the country of every authority named
    if wanted.any():
        wanted &= ~_outside_england(rows)
    unwanted = (asks == "none") & urn.notna()
    provider = (_by_place(rows, "provider") == "none") & cells.canonical("place_provider").notna()
    since_words = lambda at: "since " + since[at].dt.strftime("%d/%m/%Y")  # noqa: E731
    of_place = lambda at: place[at]  # noqa: E731
    return Outcome(
        [
            *_told(rows, "urn_wanted", current & wanted, "placement_urn", since_words),
            *_told(rows, "urn_not_wanted", current & unwanted, "placement_urn", of_place),
            *_told(rows, "provider_not_wanted", current & provider, "place_provider", of_place),
        ]
    )


def _outside_england(rows: JudgedRows) -> pd.Series:
    """Placements outside England, as the sender says or by their postcode."""
    is_code = rows.frame.texts["placement_la"].str.strip().str.upper().isin(_OUTSIDE_ENGLAND)
    codes = rows.derived["placement_authority_code"]
    day = rows.frame.census_date
    abroad = {code for code in codes.dropna().unique() if not _is_english(code, day)}
    return is_code | codes.isin(abroad)


def _is_english(code: str, day: dt.date) -> bool:
    about = authorities.on_date(code, day)
    return about is not None and about.country == "England"


# --- reasons and moves ---------------------------------------------------------------------------


def reasons_of_change(rows: JudgedRows) -> Outcome:
    """Reasons for a change of placement where there is none to give, and custody under ten."""
    if not holds("change_reason_not_wanted", rows.frame.census_date):
        return Outcome()
    cells, current = rows.cells, _current(rows)
    reason, place = cells.canonical("reason_place_change"), cells.canonical("place")
    is_away = _is_away(rows)
    _, after = _beside(rows, current & _are_away_once(rows, is_away))
    is_before_one = _taken(is_away, after).fillna(value=False).astype(bool)
    is_open = cells.typed("dec").isna()
    # where several reasons hold, the last of these is told
    why = pd.Series("the episode is open", index=place.index, dtype="str")
    why = why.mask(is_before_one, "the next episode is a temporary placement (T0 to T4)")
    why = why.mask(is_away, "the episode is a temporary placement (T0 to T4)")
    at = current & reason.notna() & (is_away | is_before_one | is_open)
    of_row = lambda at: why[at]  # noqa: E731
    too_young = pd.to_numeric(rows.derived["age_at_end"]) < _CUSTODY_FROM
    custody = current & (reason == "CUSTOD") & too_young
    return Outcome(
        [
            *_told(rows, "change_reason_not_wanted", at, "reason_place_change", of_row),
            *_told(rows, "custody_under_ten", custody, "reason_place_change"),
        ]
    )


def back_where_it_was(rows: JudgedRows) -> Outcome:
    """After a temporary placement the child is back: RNE P, the same PLACE and PL_POST."""
    if not holds("not_back_where_it_was", rows.frame.census_date):
        return Outcome()
    cells, current = rows.cells, _current(rows)
    place, key = cells.canonical("place"), rows.derived["placement_key"]
    is_away = _is_away(rows)
    current &= _are_away_once(rows, is_away)
    if not current.any():
        return Outcome()
    before, _ = _beside(rows, current)
    was_away = _taken(is_away, before).fillna(value=False).astype(bool)
    goes_on = _taken(cells.canonical("reason_episode_ceased"), before).isin(["X1"])
    left = _before_the_absence(before, is_away)
    differs = {
        "RNE is not P": cells.canonical("reason_new_episode") != "P",
        "PLACE differs": place != _taken(place, left),
        "PL_POST differs": (key != _taken(key, left)) & key.notna() & _taken(key, left).notna(),
    }
    known = _taken(place, left).notna()
    at = current & was_away & goes_on & known & ~is_away
    why = pd.Series("", index=place.index, dtype="str")
    for words, mask in differs.items():
        why = why.where(~mask, why.where(why == "", why + ", ") + words)
    of_row = lambda at: why[at]  # noqa: E731
    return Outcome(_told(rows, "not_back_where_it_was", at & (why != ""), "place", of_row))


def _is_away(rows: JudgedRows) -> pd.Series:
    """Temporary placements."""
    codes, labels = pd.factorize(rows.cells.canonical("place"))
    # a missing place has the code -1, which takes the last: not away
    away = np.array([label.startswith("T") for label in labels] + [False], dtype=bool)
    return pd.Series(away[codes])


def _are_away_once(rows: JudgedRows, is_away: pd.Series) -> pd.Series:
    """Rows of references that have a temporary placement: only these need their neighbours."""
    codes, _ = pd.factorize(rows.cells.canonical("child"))
    return pd.Series(np.isin(codes, codes[is_away.to_numpy()]))


def _beside(rows: JudgedRows, among: pd.Series) -> tuple[pd.Series, pd.Series]:
    """The place of the row before and of the row after, of the same child's among some rows.

    -1 where there is none.
    """
    places = np.flatnonzero(among.to_numpy(dtype=bool))
    child = child_references(rows.authority[among], rows.cells.canonical("child")[among])
    # within one return: another one may send the same episodes again
    whose, _ = pd.factorize(rows.frame.submission_ids[among] + "|" + child.fillna(""))
    begun = rows.cells.typed("decom")[among].to_numpy()
    # `lexsort` sorts by its last key first: child, then start, then row
    order = np.lexsort((places, begun, whose))
    sorted_, is_same = places[order], np.diff(whose[order]) == 0
    before, after = (np.full(len(rows.frame), -1, dtype="int64") for _ in range(2))
    before[sorted_[1:][is_same]] = sorted_[:-1][is_same]
    after[sorted_[:-1][is_same]] = sorted_[1:][is_same]
    return pd.Series(before), pd.Series(after)


def _before_the_absence(before: pd.Series, is_away: pd.Series) -> pd.Series:
    """The place of the last row before that was no temporary placement; -1 where there is none."""
    left, away = before.to_numpy().copy(), is_away.to_numpy()
    while (goes_on := (left >= 0) & away[left]).any():
        left = np.where(goes_on, before.to_numpy()[left], left)
    return pd.Series(left)


def _taken(values: pd.Series, places: pd.Series) -> pd.Series:
    """The values at these places; missing at -1."""
    return values.take(places.clip(lower=0)).reset_index(drop=True).where(places >= 0)


def distance(rows: JudgedRows) -> Outcome:
    """Placements more than 350 miles from home, as the sender says (999.9: unknown), else ours."""
    if not holds("distance_to_check", rows.frame.census_date):
        return Outcome()
    ours = pd.to_numeric(rows.derived["distance_miles"])
    coded = rows.frame.coded["placement_distance"]
    sent = pd.to_numeric(pd.Series(coded.words, dtype="str").str.strip(), errors="coerce")
    miles = pd.Series(coded.rows(sent.where(sent != _MILES_NOT_KNOWN).to_numpy())).fillna(ours)
    at = _current(rows) & (miles > _MOST_MILES)
    in_miles = lambda at: miles[at].round(1).astype("str") + " miles"  # noqa: E731
    return Outcome(_told(rows, "distance_to_check", at, "placement_postcode", in_miles))


# --- children ------------------------------------------------------------------------------------


def sex_in_letters(rows: JudgedRows) -> Outcome:
    """Sex in numbers, said once a sheet, and sex not known, said of each child."""
    current, day = _current(rows), rows.frame.census_date
    texts = rows.frame.texts["sex"].str.strip()
    about = []
    if holds("sex_in_numbers", day):
        numbered = current & texts.isin(_NUMBERS_OF_SEX)
        for part, count in rows.frame.count_by_part(numbered):
            label = rows.frame.parts[part].sheet.label
            hint, words = _names("sex_in_numbers"), _LETTERS_OF_SEX
            about.append(
                (part, Finding("sex_in_numbers", rows.table.name, label, value=str(count),
                               expected=words, hint=hint))
            )  # fmt: skip
    unknown = current & (texts.str.upper() == "U")
    return Outcome(_told(rows, "sex_to_check", unknown, "sex"), about_parts=about)


def one_pupil_one_number(rows: JudgedRows) -> Outcome:
    """The same pupil number for two children: neither it nor they are told, only the rows."""
    upn = rows.cells.canonical("upn").str.replace(" ", "").str.upper()
    keys = pd.DataFrame(
        {"file": rows.frame.submission_ids, "upn": upn, "child": rows.cells.canonical("child")}
    )
    is_known = _current(rows) & upn.notna() & ~upn.isin(_NO_UPN)
    several = keys[is_known].groupby(["file", "upn"])["child"].transform("nunique") > 1
    at = rows.frame.rows_at(several.index[several])
    return Outcome(_told(rows, "same_upn_twice", at, "upn"))


# --- deprivation of liberty orders ---------------------------------------------------------------
# The table is new in 2026 to 2027: whoever sends it earlier is held against the same rules.


def _of_orders(
    rows: JudgedRows, name: str, at: pd.Series, column: str, hint: str | pd.Series = ""
) -> list[RowFindings]:
    clues = hint if isinstance(hint, str) else list(hint[at.to_numpy(dtype=bool)])
    return found(rows, name, at, rows.table.column(column), expected=_names(name), hint=clues)


OUTSIDE = "order_outside_the_year"


def within_the_year(rows: JudgedRows) -> Outcome:
    """Orders that begin after the year, or ended before it or after it."""
    first, last = map(pd.Timestamp, year_of(rows.frame.census_date))
    start, end = rows.cells.typed("dolo_start"), rows.cells.typed("dolo_end")
    current = _current(rows)
    words = f"{first:%d/%m/%Y} to {last:%d/%m/%Y}"
    outside = current & ((end < first) | (end > last))
    return Outcome(
        [
            *_of_orders(rows, OUTSIDE, current & (start > last), "dolo_start", words),
            *_of_orders(rows, OUTSIDE, outside, "dolo_end", words),
        ]
    )


def after_birth(rows: JudgedRows) -> Outcome:
    """Orders that begin before the child was born."""
    at = _current(rows) & rows.derived[BEFORE_BIRTH]
    return Outcome(_of_orders(rows, "order_before_birth", at, "dolo_start"))


def one_at_a_time(rows: JudgedRows) -> Outcome:
    """Orders that begin while another of the child's is open, or before it has ended."""
    cells = rows.cells
    order = pd.DataFrame(
        {
            "child": child_references(rows.authority, cells.canonical("child")),
            "file": rows.frame.submission_ids,
            "start": cells.typed("dolo_start"),
            "end": cells.typed("dolo_end").fillna(_FAR_OFF),
        }
    )[_current(rows)].sort_values(["file", "child", "start", "end"], kind="stable")
    keys = [order["file"], order["child"]]
    latest = order["end"].groupby(keys).cummax().groupby(keys).shift()
    overlaps = order.index[(order["start"] < latest).to_numpy()]
    return Outcome(_of_orders(rows, "orders_overlap", rows.frame.rows_at(overlaps), "dolo_start"))


def orders_beside_episodes(orders: JudgedRows, episodes: JudgedRows) -> Outcome:
    """Orders outside the child's period of care, and placements that an order does not fit."""
    theirs = _episodes(episodes)
    mine = pd.DataFrame(
        {
            "child": child_references(orders.authority, orders.cells.canonical("child")),
            "sender": orders.frame.owners,
            "start": orders.cells.typed("dolo_start"),
            "end": orders.cells.typed("dolo_end").fillna(_FAR_OFF),
            "row": np.arange(len(orders.frame)),
        }
    )[_current(orders)]
    both = mine.merge(theirs, on=["sender", "child"])
    both = both[(both["decom"] <= both["end"]) & (both["start"] < both["dec"])]
    has_returned = mine["sender"].isin(set(theirs["sender"]))
    covered = _covered(both)
    outside = mine.loc[has_returned & ~mine["row"].isin(covered), "row"]
    fits = both["place"].map(_of_codes("under_order")).fillna("")
    is_away = both["place"].str.startswith("T", na=False)
    forbidden = both[fits == "not allowed"]
    odd = both[~fits.isin(["expected", "not allowed"]) & ~is_away]
    return Outcome(
        [
            *_of_orders(orders, "order_outside_care", orders.frame.rows_at(outside), "dolo_end"),
            *_of_places(orders, "order_place_not_allowed", forbidden),
            *_of_places(orders, "order_place_to_check", odd),
        ]
    )


def _episodes(episodes: JudgedRows) -> pd.DataFrame:
    """The episodes that count of each sender: child, place, start and end."""
    cells = episodes.cells
    return pd.DataFrame(
        {
            "child": child_references(episodes.authority, cells.canonical("child")),
            "sender": episodes.frame.owners,
            "decom": cells.typed("decom"),
            "dec": cells.typed("dec").fillna(_FAR_OFF),
            "place": cells.canonical("place"),
        }
    )[_current(episodes)]


def _covered(both: pd.DataFrame) -> set[int]:
    """Orders all of whose days are days of care: begun in it, and over when it is."""
    ends = both.groupby("row").agg(
        start=("start", "first"), end=("end", "first"),
        begun=("decom", "min"), over=("dec", "max"),
    )  # fmt: skip
    is_covered = (ends["begun"] <= ends["start"]) & (ends["end"] <= ends["over"])
    return set(ends.index[is_covered])


def _of_places(orders: JudgedRows, name: str, both: pd.DataFrame) -> list[RowFindings]:
    """Findings of orders with the places of the episodes that they overlap."""
    places = both.groupby("row")["place"].agg(lambda s: ", ".join(sorted(set(s))))
    hint = pd.Series("", index=range(len(orders.frame)), dtype="str")
    hint.loc[places.index] = places.to_numpy()
    return _of_orders(orders, name, orders.frame.rows_at(places.index), "dolo_start", hint)


RULES: Mapping[str, Sequence[Rule]] = {
    "children": (sex_in_letters, one_pupil_one_number),
    "episodes": (
        code_of_its_time,
        old_enough,
        what_the_place_asks,
        reasons_of_change,
        back_where_it_was,
        distance,
    ),
    "orders": (within_the_year, after_birth, one_at_a_time),
}
"""The rules of each table, by what its layout derives."""
