"""Tables of a release: curated figures of the region's authorities as tidy tables in DfE's
open-data layout.

Belongs here: bringing a table of the programme from the warehouse (grid, zeros, totals), and
printing it under its rules. Does not belong here: which tables there are (`programme`), the rules
of printing (`disclosure`), numbering (`release`), files (`files`).

Layout: DfE, "Open data standards" (time and geography columns first, filters with a Total, then
indicators, snake_case).
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from assets.publication.disclosure.noise import CELL_KEYS, perturbed, record_keys
from assets.publication.disclosure.rules import (
    CONFIDENTIAL,
    NOT_APPLICABLE,
    NOT_AVAILABLE,
    SAFE,
    hidden_with,
    publish_counts,
    publish_difference,
    publish_estimates,
    publish_exact,
    publish_given,
    publish_interval,
    publish_means,
    publish_ratio,
)
from assets.publication.programme import (
    ADDED_UP,
    PUBLISHED_TABLES,
    TOTAL,
    Indicator,
    Measure,
    PublishedTable,
    is_sensitive,
)
from resources.warehouse import Asked
from schemas.regions import DisclosureMethod

GEOGRAPHY = [
    "time_period", "time_identifier", "geographic_level", "country_code", "country_name",
    "region_code", "region_name", "old_la_code", "new_la_code", "la_name",
]  # fmt: skip
AUTHORITY = "authority_code"

_MEMBERS = """
select a.authority_code, a.authority_gss, a.authority_name, a.region_code, a.region_name
from core.authority as a
where a.census_date = :d and a.is_member
order by a.authority_code
"""


_SETTINGS_OF_CELLS = """
select r.host_authority_code as authority_code, r.provision_type, r.urn
from core.setting_return as r
inner join core.authority as a on r.census_date = a.census_date and r.host_authority_code = a.authority_code
inner join staging.provision_type as k on r.provision_type = k.provision_type
where r.census_date = :d and a.is_member
order by r.host_authority_code, r.urn
"""
SETTINGS = "_settings"
"""Beside the measures of a table with noise: the settings of each cell, 0 where it never has noise.
"""
COVERED = "_places_covered"
"""Beside counts of settings: the registered places of the settings of a cell that have returned;
blank where the register has none.
"""
_OCCUPANCY = "host_authority_occupancy"
ADDS_UP = "_adds_up"
"""Beside counts of settings: whether what members share of each setting adds up to the row: of
occupancy, whether as many places are registered as were returned, so that vacant and unavailable
ones give the occupied; of reasons, whether no setting has several of them.
"""
_UNAVAILABLE = "unavailable_places"
_SHARED = """
select
    v.host_authority_code as authority_code, v.provision_type, coalesce(v.unavailable_reason, 'Not given') as reason,
    sum(v.registered) as registered, sum(v.unavailable) as unavailable
from curated.setting_vacancies as v
inner join core.authority as a on v.census_date = a.census_date and v.host_authority_code = a.authority_code
where v.census_date = :d and a.is_member group by 1, 2, 3
"""


@dataclass(frozen=True)
class TrueTable:
    """A table of the programme before any rule: `keys` (authority_code, blank for the region, and
    filters), `values` of every measure (unknown is blank) and the `symbols` to print where one is
    blank. All have the same rows, in their final order. Where counts carry noise the values have
    `_settings` and `_noise <quantity>` besides: the settings of each cell, and its cell key.
    `crossings` has the keys and counts of what lies behind the rows and has none of its own, in the
    order of `unprinted`: it is printed nowhere, and part of several totals that are.
    """

    table: PublishedTable
    keys: pd.DataFrame
    values: pd.DataFrame
    symbols: pd.DataFrame
    crossings: pd.DataFrame = field(default_factory=pd.DataFrame)


Hidden = Mapping[tuple[str, str], np.ndarray]
"""By table and measure: which rows are hidden besides the small ones (true for hidden)."""


def members_of_region(warehouse: Asked, census_date: dt.date) -> pd.DataFrame:
    """The region's authorities on the census date."""
    return warehouse.frame(_MEMBERS, d=census_date)


def true_tables(
    warehouse: Asked, census_date: dt.date, members: pd.DataFrame, key: bytes | None = None
) -> dict[str, TrueTable]:
    """Every table of the programme for which there are figures of the region on the census date.

    `key` is the warehouse's, for the noise on counts of places; without one no count carries noise,
    and small ones are hidden.
    """
    read = {
        table.name: _true_table(warehouse, census_date, members, table)
        for table in PUBLISHED_TABLES
    }
    held = {name: true for name, true in read.items() if true is not None}
    if _OCCUPANCY in held:
        held = {name: _with_places_covered(true, held[_OCCUPANCY]) for name, true in held.items()}
        shared = warehouse.frame(_SHARED, d=census_date)
        held[_OCCUPANCY] = _with_shared(held[_OCCUPANCY], shared, "registered", "places_returned")
        if _UNAVAILABLE in held:
            held[_UNAVAILABLE] = _with_shared(held[_UNAVAILABLE], shared, "unavailable", "places")
    if key is None:
        return held
    settings = warehouse.frame(_SETTINGS_OF_CELLS, d=census_date)
    return {
        name: with_cell_keys(true, settings, key) if true.table.noise_for else true
        for name, true in held.items()
    }


def _with_places_covered(true: TrueTable, occupancy: TrueTable) -> TrueTable:
    """The table with the places covered of each cell's settings, where it has counts of settings."""
    if not any(m.of_settings for m in true.table.measures):
        return true
    cells = occupancy.keys.assign(**{COVERED: occupancy.values["places_covered"]})
    covered = true.keys[[AUTHORITY, "provision_type"]].merge(cells, how="left")[COVERED]
    return replace(true, values=true.values.assign(**{COVERED: covered.to_numpy()}))


def unprinted(keys: pd.DataFrame, table: PublishedTable) -> pd.DataFrame:
    """The crossings of an authority and a category of every filter that a table has no row for, in
    the order in which `keys` (its rows: the authority, and filters) name them.
    """
    if table.nested or not table.filters:
        return keys.iloc[:0]
    names = list(keys.columns)
    parts = [keys[n][~keys[n].isin(["", TOTAL])].unique() for n in names]
    grid = pd.MultiIndex.from_product(parts, names=names)
    return grid[~grid.isin(pd.MultiIndex.from_frame(keys))].to_frame(index=False)


def _with_shared(true: TrueTable, shared: pd.DataFrame, places: str, measure: str) -> TrueTable:
    """The table with `_adds_up`. `shared` has what members share, by authority, type and reason:
    `places` of them are held against `measure`.
    """
    keys = [AUTHORITY, *true.table.filters]
    cells = shared
    # each key adds to what is there already, totals as well: so every crossing comes about
    for name, total in ((name, "" if name == AUTHORITY else TOTAL) for name in keys):
        cells = pd.concat([cells, cells.assign(**{name: total})])
    added = cells.groupby(keys, as_index=False)[places].sum()

    def adds_up(rows: pd.DataFrame, counts: pd.Series) -> np.ndarray:
        told = rows[keys].merge(added, how="left")[places].fillna(0).to_numpy(dtype="float64")
        # counts are whole, so that they are compared exactly; what is unknown equals nothing, and
        # does not add up
        return (told == counts.to_numpy()).astype("float64")

    values = true.values.assign(**{ADDS_UP: adds_up(true.keys, true.values[measure])})
    crossings = true.crossings
    if len(crossings):
        crossings = crossings.assign(**{ADDS_UP: adds_up(crossings, crossings[measure])})
    return replace(true, values=values, crossings=crossings)


def is_shared(true: pd.DataFrame, m: Measure) -> pd.Series:
    """Which rows of a measure every member knows from what members share of each setting, by the
    true values of its table.
    """
    if m.known_to_members == "where places add up" and ADDS_UP in true:
        return true[ADDS_UP] == 1
    return pd.Series(m.known_to_members == "always", index=true.index)


def is_of_few(true: pd.DataFrame, m: Measure, method: DisclosureMethod) -> pd.Series:
    """Which rows of a measure are hidden for the size of the cell, by the true values of its table:
    counts of settings whose registered places are fewer than the smallest count shown. The size is
    public, and zeros are hidden with the rest: it tells nothing that all are.
    """
    if not m.of_settings or COVERED not in true:
        return pd.Series(False, index=true.index)
    return (true[COVERED] > 0) & (true[COVERED] < method.smallest_count_shown)


def with_cell_keys(true: TrueTable, settings: pd.DataFrame, key: bytes) -> TrueTable:
    """The table with the settings of its cells and their cell keys. `settings` has a row a setting
    that returned: authority, type and URN.

    A table with noise divides by type of provision; a row that another filter divides besides has
    none.
    """
    table = true.table
    quantities = sorted({m.noise for m in table.measures if m.noise})
    columns = [SETTINGS, *(f"_noise {quantity}" for quantity in quantities)]
    counted = settings.assign(**{SETTINGS: 1})
    for quantity in quantities:
        counted[f"_noise {quantity}"] = record_keys(
            key, quantity, settings[AUTHORITY] + "|" + settings["urn"]
        )
    counted = pd.concat([counted, counted.assign(provision_type=TOTAL)])
    counted = pd.concat([counted, counted.assign(**{AUTHORITY: ""})])
    cells = counted.groupby([AUTHORITY, "provision_type"], as_index=False)[columns].sum()
    keyed = (
        true.keys[[AUTHORITY, "provision_type"]]
        .merge(cells, how="left")[columns]
        .fillna(0)
        .set_axis(true.keys.index)
    )
    # a cell's key is the sum of its settings' keys, as in the cell key method: so the same settings
    # carry the same noise in every table
    divided = [f for f in table.filters if f != "provision_type"]
    has_noise = true.keys["provision_type"].isin(table.noise_for) & (
        true.keys[divided] == TOTAL
    ).all(axis=1)
    keyed[columns[1:]] = keyed[columns[1:]] % CELL_KEYS
    return replace(true, values=true.values.join(keyed.where(has_noise, 0)))


def has_noise(true: pd.DataFrame, m: Measure, method: DisclosureMethod) -> pd.Series:
    """Which rows of a measure carry noise, by the true values of its table."""
    if not m.noise or SETTINGS not in true:
        return pd.Series(False, index=true.index)
    return true[SETTINGS] >= method.settings_for_noise


def _true_table(
    warehouse: Asked, census_date: dt.date, members: pd.DataFrame, table: PublishedTable
) -> TrueTable | None:
    filters = list(table.filters)
    # the others are worked out of what is printed, never out of true figures: they tell no more
    plain = [m for m in table.measures if m.rule not in ("share", "difference", "rate")]
    grouped = [f"t.{table.authority}", *(f"t.{f}" for f in filters)]
    summed = ", ".join(f"sum({m.sql or 't.' + m.name}) as {m.name}" for m in plain)
    source = f"({table.rows})" if table.rows else f"curated.{table.reads}"
    figures = warehouse.frame(
        f"select {', '.join([f't.{table.authority} as {AUTHORITY}', *grouped[1:]])}, {summed} from {source} as t "
        f"left join core.authority as a on t.census_date = a.census_date and t.{table.authority} = a.authority_code "
        f"where t.census_date = :d and (a.is_member or t.{table.authority} = :region) group by {', '.join(grouped)}",
        d=census_date, region=members["region_code"].iloc[0],
    )  # fmt: skip
    names = [m.name for m in plain]
    # the server's sums come as decimals, of which pandas makes objects
    figures[names] = figures[names].astype("float64")
    # what does not add up (means, concentration) has a row of the region's own
    is_region = figures[AUTHORITY] == members["region_code"].iloc[0]
    regions, figures = figures[is_region].assign(**{AUTHORITY: ""}), figures[~is_region]
    if figures.empty:
        return None
    frame = _grid(figures, members, table).merge(figures.assign(_present=1.0), how="left")
    frame["_absent"] = frame.pop("_present").isna().astype("float64")
    frame = _filled(warehouse, census_date, frame, table, plain)
    for f in filters:
        if table.labels[f]:
            frame[f] = frame[f].map(lambda code, labels=table.labels[f]: labels.get(code, code))
    added = [m.name for m in plain if m.rule in ADDED_UP]
    keys = [AUTHORITY] if table.nested else [AUTHORITY, *filters]
    whole = _with_totals(frame, [AUTHORITY, *filters], keys, added)
    # what does not add up has no total but the row of its own that was read for it
    own = [AUTHORITY, *filters, *(n for n in names if n not in added)]
    whole = (
        whole.merge(pd.concat([frame[own], regions[own]]), how="left")
        if len(added) < len(names)
        else whole
    )
    everything = whole[[AUTHORITY, *filters, *(m.name for m in plain if m.rule == "count")]]
    whole = _ordered(_kept(whole, table, members), table).reset_index(drop=True)
    for m in plain:
        for name, categories in m.only:
            whole[m.name] = whole[m.name].where(whole[name].isin(categories))
    keys = whole[[AUTHORITY, *filters]]
    # of what nobody has said it was summed as nothing
    crossings = unprinted(keys, table).merge(everything, how="left").fillna(0.0)
    return TrueTable(table, keys, whole[names], _symbols(whole, table, plain), crossings)


def _grid(figures: pd.DataFrame, members: pd.DataFrame, table: PublishedTable) -> pd.DataFrame:
    """A row for every authority and category, where the curated table has one or not."""
    filters = list(table.filters)
    authorities = members[[AUTHORITY]]
    if not filters:
        return authorities
    if table.nested:
        # a category belongs to one breakdown: not every pair of them can be
        return authorities.merge(figures[filters].drop_duplicates(), how="cross")
    categories = [list(table.labels[f]) or sorted(figures[f].unique()) for f in filters]
    return pd.MultiIndex.from_product(
        [authorities[AUTHORITY], *categories], names=[AUTHORITY, *filters]
    ).to_frame(index=False)


def _filled(
    warehouse: Asked,
    census_date: dt.date,
    frame: pd.DataFrame,
    table: PublishedTable,
    plain: list[Measure],
) -> pd.DataFrame:
    """Zeros where a row is absent because there was nobody to count, and blanks elsewhere.

    `_said <measure>` counts what is not such a zero, `_unlisted <measure>` the rows of which it is
    known that there is somebody, but not who, `_lacking <measure>` those where it is not known, but
    what it is a part of is; `_nothing <measure>` those of which nobody has anything to return;
    `_silent <measure>` those of which no return came.
    """
    zero = {
        side: _is_in(warehouse.frame(select, d=census_date), frame)
        for side, select in table.answered.items()
    }
    unlisted = {
        side: _is_in(warehouse.frame(select, d=census_date), frame)
        for side, select in table.unlisted.items()
    }
    stands = {
        side: _is_in(warehouse.frame(select, d=census_date), frame)
        for side, select in table.stands.items()
    }
    came = {
        side: _is_in(warehouse.frame(select, d=census_date), frame)
        for side, select in table.came.items()
    }
    for m in plain:
        if m.side in came:
            frame[f"_silent {m.name}"] = (~came[m.side]).astype("float64")
        if m.side in stands:
            frame[f"_nothing {m.name}"] = (~stands[m.side]).astype("float64")
        if m.rule not in ADDED_UP:
            continue
        everywhere = pd.Series(m.absent == "0" or table.absent == "0", index=frame.index)
        blank = frame[m.name].isna() & (
            everywhere if m.absent == "0" else zero.get(m.side, everywhere)
        )
        blank &= m.shown & ((frame["_absent"] == 1) | (m.side in table.answered))
        # before the zeros are put in: those are what nobody said
        frame[f"_said {m.name}"] = (frame[m.name].notna()).astype("float64")
        frame[f"_unlisted {m.name}"] = (
            unlisted[m.side].astype("float64") if m.side in unlisted else 0.0
        )
        frame.loc[blank, m.name] = 0.0
    for m in plain:
        if m.rule in ADDED_UP:
            # a loop of its own: the part's and the whole's zeros are in by now, whichever came
            # first
            lacking = (
                frame[m.part_of].notna() & frame[m.name].isna()
                if m.part_of
                else pd.Series(False, index=frame.index)
            )
            frame[f"_lacking {m.name}"] = lacking.astype("float64")
    return frame


def _is_in(answered: pd.DataFrame, frame: pd.DataFrame) -> pd.Series:
    """Whether each row of the frame is among those of a select, by the keys that it gives."""
    keys = [c for c in answered.columns if c in frame.columns]
    # without twins: each would double a row of the frame
    joined = frame[keys].merge(answered[keys].drop_duplicates().assign(_answered=True), how="left")[
        "_answered"
    ]
    return joined.notna().set_axis(frame.index)


def _with_totals(
    frame: pd.DataFrame, columns: list[str], keys: list[str], measures: list[str]
) -> pd.DataFrame:
    """The rows, and every total over each key (a blank code is the region). A sum of nothing known
    stays unknown, and so does one of which no more is known than that some kinds are empty while
    others are not, and a part of a count that is known of more than the part is.
    """
    counted = [f"{mark} {m}" for mark in ("_said", "_unlisted", "_lacking") for m in measures]
    marks = [
        "_absent",
        *(name for name in frame if str(name).startswith(("_nothing ", "_silent "))),
    ]
    whole = frame[[*columns, *measures, *counted, *marks]]
    for key in keys:
        others = [c for c in columns if c != key]
        # what was added up by the keys before is in it: totals of totals come about, too
        groups = whole.groupby(others, as_index=False, sort=False) if others else None
        if groups is None:
            summed = pd.DataFrame(
                [
                    whole[[*measures, *counted]].sum(min_count=1).to_dict()
                    # a total is absent only where all of its parts are
                    | whole[marks].min().to_dict()
                ]
            )
        else:
            summed = (
                groups[[*measures, *counted]].sum(min_count=1).merge(groups[marks].min(), on=others)
            )
        for m in measures:
            empty_or_unlisted = (summed[f"_said {m}"] == 0) & (summed[f"_unlisted {m}"] > 0)
            summed[m] = summed[m].mask(empty_or_unlisted | (summed[f"_lacking {m}"] > 0))
        whole = pd.concat(
            [whole, summed.assign(**{key: "" if key == AUTHORITY else TOTAL})], ignore_index=True
        )
    return whole.drop(columns=counted)


def _kept(frame: pd.DataFrame, table: PublishedTable, members: pd.DataFrame) -> pd.DataFrame:
    """The rows that cross at most `ways` of authority and filters, and those of the categories that
    are given in full.
    """
    if table.nested:
        return frame
    crossed = (frame[AUTHORITY] != "").astype(int)
    for f in table.filters:
        crossed += (frame[f] != TOTAL) & ~frame[f].isin(table.in_full.get(f, []))
    return frame[crossed <= table.ways]


def _ordered(frame: pd.DataFrame, table: PublishedTable) -> pd.DataFrame:
    """Region first, then authorities by code; Total first in each filter, then its categories in
    their order.
    """
    order = pd.DataFrame({AUTHORITY: frame[AUTHORITY]})
    for f in table.filters:
        ranks = (
            # digits come before letters: a category without a label follows these, by its own name
            {label: f"{n:03d}" for n, label in enumerate([TOTAL, *table.labels[f].values()])}
            if table.labels[f]
            else {TOTAL: ""}
        )
        order[f] = frame[f].map(lambda label, ranks=ranks: ranks.get(label, label))
    return frame.loc[order.sort_values(list(order.columns), kind="stable").index]


def _symbols(frame: pd.DataFrame, table: PublishedTable, plain: list[Measure]) -> pd.DataFrame:
    symbols = pd.DataFrame(index=frame.index)
    for m in plain:
        otherwise = NOT_APPLICABLE if m.rule in ("exact", "estimate", "given") else NOT_AVAILABLE
        symbols[m.name] = np.where(
            (frame["_absent"] == 1) & (table.absent == NOT_APPLICABLE), NOT_APPLICABLE, otherwise
        )
        if f"_silent {m.name}" in frame:
            # a return came and has no such figure: asking for it again would bring none
            symbols[m.name] = symbols[m.name].mask(frame[f"_silent {m.name}"] == 0, NOT_APPLICABLE)
        if f"_nothing {m.name}" in frame:
            symbols[m.name] = symbols[m.name].mask(frame[f"_nothing {m.name}"] == 1, NOT_APPLICABLE)
        for name, categories in m.only:
            symbols[m.name] = symbols[m.name].where(frame[name].isin(categories), NOT_APPLICABLE)
    return symbols


def print_table(true: TrueTable, hidden: Hidden, method: DisclosureMethod = SAFE) -> pd.DataFrame:
    """The table as it will be printed: keys and every measure (those that are not shown included)
    as text.
    """
    table = true.table
    printed = true.keys.copy()
    # in the programme's order: an estimate, a mean and what is worked out take printed columns that
    # stand before them
    for m in table.measures:
        printed[m.name] = _print_measure(true, printed, m, hidden, method)
    return printed


def _end_of_interval(true: TrueTable, m: Measure, method: DisclosureMethod) -> pd.Series:
    """The end of its interval that the measure is: both are rounded together, outward."""
    low, high = m.interval
    ends = publish_interval(true.values[low], true.values[high], method)
    return ends[0] if m.name == low else ends[1]


def for_the_region_alone(true: TrueTable, m: Measure, method: DisclosureMethod) -> np.ndarray:
    """The rows whose figure is never shown, whatever it is: sensitive ones of authorities, and the
    region's where few authorities have one.

    Whether an authority has a figure is no secret (where it has none, a symbol says so); whether it
    is 0 is one.
    """
    sensitive, known = is_sensitive(true.table, m, true.keys), true.values[m.name].notna()
    is_area = true.keys[AUTHORITY] != ""
    if not sensitive.any():
        return np.asarray(sensitive)
    filters = list(true.table.filters)
    areas = true.keys[is_area & known]
    having = areas.groupby(filters)[AUTHORITY].nunique() if filters else areas[AUTHORITY].nunique()
    few = (
        true.keys[filters]
        .merge(having.rename("_areas"), left_on=filters, right_index=True, how="left")["_areas"]
        .fillna(0)
        if filters
        else having
    )
    is_told = ~is_area & np.asarray(few >= method.others_for_a_comparison)
    return np.asarray(sensitive & known & ~is_told)


def _print_measure(
    true: TrueTable, printed: pd.DataFrame, m: Measure, hidden: Hidden, method: DisclosureMethod
) -> pd.Series:
    if m.rule == "difference":
        return publish_difference(_terms(printed, m.of))
    if m.rule == "rate":
        return publish_ratio(_terms(printed, m.of), _terms(printed, (m.per,)), m.times, m.decimals)
    if m.rule == "share":
        # no mask for these three: of a hidden figure nothing is worked out
        whole = _terms(printed, m.whole) if m.whole else [(1, _total_of(true.table, printed, m))]
        return publish_ratio(_terms(printed, m.of), whole, 100, 1, most=100)
    shown = _print_by_itself(true, printed, m, method)
    mask = (
        for_the_region_alone(true, m, method)
        | is_of_few(true.values, m, method).to_numpy()
        | hidden.get((true.table.name, m.name), False)
    )
    # whether there is a figure at all is no secret: symbols stay
    return shown.mask(mask & ~shown.isin([NOT_AVAILABLE, NOT_APPLICABLE]), CONFIDENTIAL)


def _print_by_itself(
    true: TrueTable, printed: pd.DataFrame, m: Measure, method: DisclosureMethod
) -> pd.Series:
    """A measure under its rule, before anything is hidden besides."""
    if m.rule == "count":
        shown = publish_counts(true.values[m.name], method, true.symbols[m.name])
        # noise leaves a multiple of the step: nothing is rounded or hidden for its size besides
        noisy = has_noise(true.values, m, method) & true.values[m.name].notna()
        if not noisy.any():
            return shown
        return shown.mask(
            noisy,
            publish_exact(
                perturbed(true.values[m.name], true.values[f"_noise {m.noise}"], method.round_to)
            ),
        )
    if m.rule == "exact":
        return publish_exact(true.values[m.name], true.symbols[m.name])
    if m.rule == "given":
        return publish_given(true.values[m.name], m.decimals, true.symbols[m.name])
    if m.rule == "estimate":
        # where all have returned there is nothing to estimate: the count says it
        partial = true.values[m.covered] < true.values[m.registered]
        end = _end_of_interval(true, m, method) if m.interval else None
        return publish_estimates(true.values[m.name], printed[m.of[0]], partial, method, end)
    support = true.values[m.placements], true.values[m.owner_groups], true.values[m.largest_share]
    # where any count is given, hidden or not, a return came: a mean that it lacks does not apply
    came = ~(printed[[count.name for count in true.table.of_rule("count")]] == NOT_AVAILABLE).all(
        axis=1
    )
    shown = publish_means(true.values[m.name], *support, method)
    shown = shown.mask((shown == NOT_AVAILABLE) & came, NOT_APPLICABLE)
    return hidden_with(shown, [printed[name] for name in m.rests_on(true.table)])


def _terms(printed: pd.DataFrame, names: tuple[str, ...]) -> list[tuple[int, pd.Series]]:
    return [(-1 if name.startswith("-") else 1, printed[name.removeprefix("-")]) for name in names]


def _total_of(table: PublishedTable, printed: pd.DataFrame, m: Measure) -> pd.Series:
    """The published Total over the filters of `over`, row by row."""
    (part,) = m.of
    wholes = printed[(printed[list(m.over)] == TOTAL).all(axis=1)]
    shared = [k for k in (AUTHORITY, *table.filters) if k not in m.over]
    joined = printed[shared].merge(wholes[[*shared, part]], on=shared, how="left")[part]
    return joined.fillna(NOT_APPLICABLE).set_axis(printed.index)


def worked_out(
    table: PublishedTable, m: Measure, frame: pd.DataFrame, known: pd.DataFrame | None = None
) -> pd.Series | None:
    """What a share, difference or rate of a printed, tidy table must be by its published counts;
    None where it rests on what is not printed. `known` has what a rate is of and is not printed
    beside it (the population), row by row as in the frame.
    """
    if not m.shown or m.rule not in ("share", "difference", "rate"):
        return None
    if not {name.removeprefix("-") for name in (*m.of, *m.whole)} <= set(frame.columns):
        return None
    printed = frame.rename(columns={"old_la_code": AUTHORITY})[
        [AUTHORITY, *table.filters, *(i.name for i in table.indicators if i.name in frame)]
    ]
    if m.rule == "rate":
        if m.per not in frame and (known is None or m.per not in known):
            return None
        per = frame[m.per] if m.per in frame else publish_exact(known[m.per])  # type: ignore[index]
        return publish_ratio(_terms(printed, m.of), [(1, per)], m.times, m.decimals)
    if m.rule == "difference":
        return publish_difference(_terms(printed, m.of))
    whole = _terms(printed, m.whole) if m.whole else [(1, _total_of(table, printed, m))]
    return publish_ratio(_terms(printed, m.of), whole, 100, 1, most=100)


def total_row(frame: pd.DataFrame, table: PublishedTable, m: Measure, index: int) -> int | None:
    """The row of the whole that the share in row `index` is of; None where there is none."""
    if not m.over:
        return index
    same = frame["old_la_code"] == frame.loc[index, "old_la_code"]
    for name in table.filters:
        same &= frame[name] == (TOTAL if name in m.over else frame.loc[index, name])
    rows = frame.index[same]
    return int(rows[0]) if len(rows) else None


def tidy(
    printed: pd.DataFrame, table: PublishedTable, members: pd.DataFrame, census_date: dt.date
) -> pd.DataFrame:
    """A printed table in DfE's layout: time and geography in front, then filters, then the
    indicators that are shown.
    """
    region = members.iloc[0]
    joined = printed[[AUTHORITY]].merge(
        members[[AUTHORITY, "authority_gss", "authority_name"]], on=AUTHORITY, how="left"
    )
    is_region = joined[AUTHORITY] == ""
    front = pd.DataFrame(
        {
            "time_period": str(census_date.year),
            "time_identifier": calendar.month_name[census_date.month],
            "geographic_level": is_region.map({True: "Regional", False: "Local authority"}),
            "country_code": "E92000001",
            "country_name": "England",
            "region_code": region["region_code"],
            "region_name": region["region_name"],
            "old_la_code": joined[AUTHORITY],
            "new_la_code": joined["authority_gss"].fillna(""),
            "la_name": joined["authority_name"].fillna(""),
        }
    )
    rest = printed[[*table.filters, *(i.name for i in table.indicators)]].reset_index(drop=True)
    return pd.concat([front, rest], axis=1)


def release_tables(
    true: Mapping[str, TrueTable],
    members: pd.DataFrame,
    census_date: dt.date,
    hidden: Hidden | None = None,
    method: DisclosureMethod = SAFE,
) -> dict[str, pd.DataFrame]:
    """All tables of a release of the census date, every cell as it will be printed (text), in their
    final order.
    """
    return {
        name: tidy(print_table(t, hidden or {}, method), t.table, members, census_date)
        for name, t in true.items()
    }


__all__ = [
    "GEOGRAPHY",
    "Indicator",
    "PUBLISHED_TABLES",
    "PublishedTable",
    "TrueTable",
    "release_tables",
    "true_tables",
]
