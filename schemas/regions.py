"""Regions (`regions/*.toml`): members, sub-regions and the region's own settings.

Belongs here: reading a region file. Another region is another file, never other code.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import MISSING, dataclass, field, fields
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

HERE = Path(__file__).parent / "regions"


@dataclass(frozen=True)
class DisclosureMethod:
    """How a region's small numbers are published. The values here are the safe ones; less safe ones
    need a reason.

    Counts below `smallest_count_shown` are hidden and others rounded to the nearest `round_to`; a
    hidden count must keep `possible_values`. The money rule, wherever fees of others are told
    (models, policies, releases, the made-up truth): a mean needs `placements_for_a_mean` placements
    and `owner_groups_for_a_mean` owner groups, none with more than `largest_share_of_spend`;
    releases round it to `round_money_to` pounds. Counts of places in cells of `settings_for_noise`
    settings carry keyed noise to a multiple of `round_to` instead of being hidden when small; a
    number that no cell has turns that off. Of the counts that could be shown `hidden_besides` are
    hidden all the same, drawn with the key: so nobody can tell why one is hidden. An area's figure
    beside an authority's own needs `others_for_a_comparison` others.
    """

    smallest_count_shown: int = 8
    round_to: int = 5
    possible_values: int = 3
    placements_for_a_mean: int = 8
    owner_groups_for_a_mean: int = 3
    largest_share_of_spend: float = 0.75
    round_money_to: int = 10
    others_for_a_comparison: int = 3
    settings_for_noise: int = 5
    hidden_besides: float = 0.005
    less_safe_because: str = ""


_SAFER_IS_SMALLER = {"largest_share_of_spend"}


def disclosure_method(settings: dict[str, Any], where: str) -> DisclosureMethod:
    """The method of a region file's `[disclosure]`, checked.

    Raises:
        ValueError: a setting is not known or out of range, or is less safe than the default and
            `less_safe_because` does not say why.
    """
    safe = DisclosureMethod()
    unknown = sorted(settings.keys() - safe.__dataclass_fields__.keys())
    if unknown:
        raise ValueError(
            f"{where}, [disclosure]: {', '.join(unknown)} was found; expected"
            f" {', '.join(safe.__dataclass_fields__)}. Correct the name."
        )
    numbers = {name: value for name, value in settings.items() if name != "less_safe_because"}
    for name, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            raise ValueError(
                f"{where}, [disclosure]: {name} is {value!r}; a number above 0 was expected."
                " Correct it."
            )
    method = DisclosureMethod(**settings)
    if method.smallest_count_shown <= method.round_to // 2:
        raise ValueError(
            f"{where}, [disclosure]: counts from {method.smallest_count_shown} on are rounded to"
            f" {method.round_to}, so some would read 0; smallest_count_shown above"
            f" {method.round_to // 2} was expected. Correct one of them."
        )
    less = sorted(
        n
        for n, v in numbers.items()
        if (v > getattr(safe, n) if n in _SAFER_IS_SMALLER else v < getattr(safe, n))
    )
    if less and not method.less_safe_because.strip():
        text = ", ".join(
            f"{name} = {numbers[name]} (the safe value is {getattr(safe, name)})" for name in less
        )
        raise ValueError(
            f"{where}, [disclosure]: {text} is less safe than the default, without a reason. Leave"
            ' it out, or give less_safe_because = "…": the reason, which is printed in every'
            " release."
        )
    return method


@dataclass(frozen=True)
class Timetable:
    """When a quarter is collected, closed and published, in days after the quarter's end; a day
    begins in London.

    Returns are `due` up to the end of that day, and chased on the days of `chase`. On the day of
    `close` the quarter is closed, on that of `draft` its draft is made from what counts then, and
    on that of `publication` it is meant to be approved and so published. A region may have a day of
    `final`: releases drafted before it are provisional, the first from it on is final, later ones
    are revised. Without it a release has no such word.
    """

    due: int
    chase: tuple[int, ...]
    close: int
    draft: int
    publication: int
    final: int | None = field(default=None, repr=False)  # no figure rests on it

    def day(self, census_date: dt.date, step: str) -> dt.date:
        """The day of a step (`due`, `close`, `draft`, `publication`, `final`) of the quarter that
        ended on `census_date`.
        """
        return census_date + dt.timedelta(days=getattr(self, step))


def today() -> dt.date:
    """Today's date in London, by which the timetable goes."""
    return dt.datetime.now(tz=ZoneInfo("Europe/London")).date()


MOST_DAYS = 366
"""A step that comes later than a year after the quarter's end is a slip of the pen."""


def timetable(settings: dict[str, Any], where: str) -> Timetable:
    """The timetable of a region file's `[timetable]`, checked.

    Raises:
        ValueError: a step is missing, not known or no number of days, or comes before the one that
            it follows.
    """
    steps = ("due", "chase", "close", "draft", "publication")
    if sorted(settings.keys() - {"final"}) != sorted(steps):
        raise ValueError(
            f"{where}, [timetable]: {', '.join(sorted(settings)) or 'nothing'} was found; expected"
            f" {', '.join(steps)}, and where first releases are provisional, final. Correct it."
        )
    if not isinstance(settings["chase"], list):
        raise ValueError(
            f"{where}, [timetable]: chase is {settings['chase']!r}; a list of days such as [14, 25]"
            " was expected. Correct it."
        )
    days = [*(number for step, number in settings.items() if step != "chase"), *settings["chase"]]
    if any(
        isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= MOST_DAYS
        for number in days
    ):
        raise ValueError(
            f"{where}, [timetable]: {', '.join(map(str, days))} was found; whole numbers of days"
            f" after the quarter's end, {MOST_DAYS} at the most, were expected. Correct them."
        )
    named = [step for step in ("due", "close", "draft", "publication", "final") if step in settings]
    in_order = [settings[step] for step in named]
    if in_order != sorted(in_order):
        raise ValueError(
            f"{where}, [timetable]: {', '.join(named)} are {', '.join(map(str, in_order))}; each"
            " was expected to be no earlier than the one before it. Correct them."
        )
    return Timetable(**{**settings, "chase": tuple(sorted(settings["chase"]))})


@dataclass(frozen=True)
class Region:
    """A region of authorities, keyed by DfE three-digit code.

    `missing_may_differ` is the region's assumption about places that have not returned: so much
    fuller or emptier than the like of them that have (0.1: ten percentage points) the band of an
    estimate allows for. `open_to_members` names the curated tables (`curated.homes`) that the
    region's agreement opens to all its members.
    """

    key: str
    name: str
    gss_code: str
    timetable: Timetable
    high_cost_weekly: int
    missing_may_differ: float
    sub_regions: dict[str, tuple[str, ...]]
    open_to_members: tuple[str, ...] = ()
    disclosure: DisclosureMethod = field(default_factory=DisclosureMethod)
    tiles: dict[str, tuple[int, int, str]] = field(default_factory=dict)
    """The region's tile map: column and row (from the top left) and short name by authority code.
    """
    transfer_scheme_rate: float = 0.001
    """Unaccompanied children as a share of the population aged 0 to 17, up to which the national
    transfer scheme refers them to an authority.
    """
    sub_regional_groups: bool = field(default=False, repr=False)  # no figure rests on it
    """Whether a sub-region may have a group of its own, as a nation's regions do: its logins read
    the figures of its members, where the regional group reads those of all.
    """
    begins: dt.date = field(default=dt.date(2015, 3, 31), repr=False)  # no figure rests on it
    """The quarter end with which the region's returns begin: Dagster's first partition. Ofsted's
    lists begin with the default.
    """

    @property
    def groups(self) -> dict[str, tuple[str, ...]] | None:
        """The members of each sub-region whose group may have logins; None where none may."""
        return self.sub_regions if self.sub_regional_groups else None

    @property
    def return_deadline_days(self) -> int:
        """A return is in time up to this many days after the quarter's end."""
        return self.timetable.due

    @property
    def beside(self) -> dict[str, tuple[str, ...]]:
        """By authority code, the other authorities of its sub-region."""
        groups = self.sub_regions.values()
        return {
            code: tuple(other for other in codes if other != code)
            for codes in groups
            for code in codes
        }

    @cached_property
    def members(self) -> dict[str, str]:
        """Sub-region by authority code."""
        return {code: name for name, codes in self.sub_regions.items() for code in codes}


@cache
def others_of_the_sub_region() -> dict[str, tuple[str, ...]]:
    """By authority code, the other authorities of its sub-region, in every region there is a file
    for.
    """
    return {
        code: others for key in region_keys() for code, others in load_region(key).beside.items()
    }


def region_keys() -> list[str]:
    """The regions there are files for."""
    return sorted(path.stem for path in HERE.glob("*.toml"))


def _refuse_what_is_no_region(data: dict[str, Any], where: str) -> None:
    """Raise where a region's file lacks a setting, has one that is not known, or names its
    authorities in another form than expected.
    """
    settings = {
        one.name: one.default is MISSING and one.default_factory is MISSING
        for one in fields(Region)
        if one.name != "key"
    }
    if unknown := sorted(data.keys() - settings.keys()):
        raise ValueError(
            f"{where}: {', '.join(unknown)} was found; expected {', '.join(settings)}. Correct the"
            " name."
        )
    if missing := sorted(
        name
        for name, is_needed in settings.items()
        if is_needed and name not in data and name != "timetable"
    ):
        raise ValueError(
            f"{where}: {', '.join(missing)} was expected and is not there. Add it, as in"
            " schemas/regions/north_west.toml."
        )
    for name, codes in data["sub_regions"].items():
        if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
            raise ValueError(
                f"{where}, [sub_regions]: {name} is {codes!r}; a list of authorities' codes such"
                ' as ["350"] was expected. Correct it.'
            )
    for code, tile in data.get("tiles", {}).items():
        if not isinstance(tile, list) or [type(part) for part in tile] != [int, int, str]:
            raise ValueError(
                f"{where}, [tiles]: {code} is {tile!r}; a column, a row and a short name were"
                " expected. Correct it."
            )


def _refuse_groups_with_few_around(
    sub_regions: dict[str, tuple[str, ...]], fewest: int, where: str
) -> None:
    """Raise where the group of a sub-region could take its own from the region's and have the
    figures of fewer authorities than a comparison needs.
    """
    everybody = sum(map(len, sub_regions.values()))
    for name, codes in sub_regions.items():
        if (around := everybody - len(codes)) < fewest:
            raise ValueError(
                f"{where}: sub_regional_groups is true, and {around} authorities are outside {name};"
                f" at least {fewest} were expected (others_for_a_comparison), or its group would"
                " work out their figures from the region's. Set it to false."
            )


def load_region(key: str) -> Region:
    """The region in `regions/<key>.toml`, or in a file of the user's own: then `key` is its path,
    and its name is the region's.

    Raises:
        ValueError: there is no such file, it is no region's, its timetable is none, or its method
            of disclosure control is less safe than the default without saying why.
    """
    path = Path(key) if key.endswith(".toml") else HERE / f"{key}.toml"
    if not path.is_file():
        raise ValueError(
            f"The region '{key}' is not known; expected one of {', '.join(region_keys())}, or the"
            " path of a region's file (.toml). Set OBSERVATORY_REGION to one of them."
        )
    key = path.stem
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(
            f"{path.name}: {error}; a region's file in TOML was expected. Correct it."
        ) from None
    _refuse_what_is_no_region(data, path.name)
    sub_regions = {name: tuple(codes) for name, codes in data.pop("sub_regions").items()}
    opened = tuple(data.pop("open_to_members", ()))
    disclosure = disclosure_method(data.pop("disclosure", {}), path.name)
    days = timetable(data.pop("timetable", {}), path.name)
    tiles = {
        code: (column, row, short) for code, (column, row, short) in data.pop("tiles", {}).items()
    }
    if not isinstance(data.get("sub_regional_groups", False), bool):
        raise ValueError(
            f"{path.name}: sub_regional_groups is {data['sub_regional_groups']!r}; true or false"
            " was expected. Correct it."
        )
    if data.get("sub_regional_groups"):
        _refuse_groups_with_few_around(sub_regions, disclosure.others_for_a_comparison, path.name)
    begins = data.get("begins", Region.begins)
    if (
        not isinstance(begins, dt.date)
        or (begins + dt.timedelta(days=1)).month not in (1, 4, 7, 10)
        or (begins + dt.timedelta(days=1)).day != 1
    ):
        raise ValueError(
            f"{path.name}: begins is {begins}; a quarter end such as 2019-06-30 was expected."
            " Correct it."
        )
    return Region(
        key=key,
        sub_regions=sub_regions,
        open_to_members=opened,
        disclosure=disclosure,
        timetable=days,
        tiles=tiles,
        **data,
    )
