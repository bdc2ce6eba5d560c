"""The authorities of the made-up region: members, those outside where its children live, and their
codes on a date.

Belongs here: which authorities there are, who borders whom, and how near two authorities are to
each other. Does not belong here: how senders spell them (`returns/spelling.py`), and how many
children they have (`world/margins.py`).
"""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import dataclass
from functools import cache

import numpy as np

from made_up.drawing import Floats, Ints, Texts, stream
from schemas import authorities
from schemas.regions import Region, load_region

ANCHOR = dt.date(2025, 3, 31)
"""The day on which the made-up region meets the official margins."""

FAR_AUTHORITIES, AUTHORITIES_ABROAD = 8, 3


@cache
def neighbours() -> frozenset[tuple[str, str]]:
    """Pairs of authorities that share a border, both ways round."""
    with (authorities.HERE / "authority_neighbours.csv").open(encoding="utf-8", newline="") as file:
        return frozenset(
            (row["authority_code"], row["neighbour_code"]) for row in csv.DictReader(file)
        )


@dataclass(frozen=True)
class Areas:
    """Where children come from and where settings stand.

    `hosts` are areas by number: the region's `members` first (as they stand on the anchor day),
    then `english` in all, then authorities of Wales and Scotland. `origins` are whose children else
    live in the region's settings, by number, with `origin_weights` (host by origin).
    """

    region: Region
    hosts: tuple[str, ...]
    members: int
    english: int
    nearness: Floats
    origins: tuple[str, ...]
    origin_weights: Floats

    @property
    def is_nation(self) -> bool:
        """Whether the region is all England: then nothing of England lies outside it."""
        return self.members == self.english

    def elsewhere(self, rng: np.random.Generator, count: int) -> Ints:
        """`count` areas of England outside the region; of a nation, any."""
        return rng.integers(0 if self.is_nation else self.members, self.english, count)

    @property
    def outside(self) -> int:
        """The number that stands for "an authority outside the region" where a child's origin is
        meant.
        """
        return self.members

    def codes_on(self, date: dt.date) -> Texts:
        """The code of each area's authority on `date`: Cumbria's before April 2023."""
        return np.array([_code_on(self.region, code, date) for code in self.hosts], dtype=object)


def _stands(code: str, dates: list[dt.date]) -> bool:
    return all(authorities.on_date(code, date) is not None for date in dates)


def _code_on(region: Region, code: str, date: dt.date) -> str:
    """`code`, or that of the authority which `code` followed, in the same sub-region.

    Raises:
        ValueError: neither stands on the date.
    """
    if authorities.on_date(code, date) is not None:
        return code
    first = min(a.valid_from for a in authorities.all_authorities() if a.code == code)
    for other in region.sub_regions.get(region.members.get(code, ""), ()):
        earlier = authorities.on_date(other, first - dt.timedelta(days=1))
        if (
            earlier is not None
            and earlier.valid_to == first - dt.timedelta(days=1)
            and earlier.stands_on(date)
        ):
            return other
    raise ValueError(
        f"No authority stood for '{code}' on {date}; choose fewer quarters or a later last date."
    )


def lay_out(region_key: str, dates: list[dt.date], seed: int) -> Areas:
    """The areas of a region over the census dates."""
    region = load_region(region_key)
    members = [code for code in region.members if authorities.on_date(code, ANCHOR)]
    rng = stream(seed, "areas")
    standing = sorted(
        {a.code for a in authorities.all_authorities() if _stands(a.code, [*dates, ANCHOR])}
    )
    by_code = {a.code: a for a in authorities.all_authorities() if a.stands_on(ANCHOR)}
    others = [
        code
        for code in standing
        if code not in region.members and by_code[code].country == "England"
    ]
    bordering = [
        code for code in others if any((code, member) in neighbours() for member in members)
    ]
    beyond = [code for code in others if code not in bordering]
    far = sorted(rng.choice(beyond, size=min(FAR_AUTHORITIES, len(beyond)), replace=False).tolist())
    away = [code for code in standing if by_code[code].country in ("Wales", "Scotland")]
    abroad = sorted(rng.choice(away, size=AUTHORITIES_ABROAD, replace=False).tolist())
    hosts = (*members, *bordering, *far, *abroad)
    origins = (*others, *away[:12], "HEALTH", "PRIVATE", "UNKNOWN")
    return Areas(
        region=region,
        hosts=hosts,
        members=len(members),
        english=len(hosts) - len(abroad),
        nearness=_nearness(region, members, hosts),
        origins=origins,
        origin_weights=_origin_weights(hosts, origins, others),
    )


def _nearness(region: Region, members: list[str], hosts: tuple[str, ...]) -> Floats:
    """How readily a member's children go to each host (a weight; nothing for its own area)."""
    near = np.zeros((len(members), len(hosts)))
    for a, member in enumerate(members):
        for h, host in enumerate(hosts):
            together = region.members.get(host) == region.members[member]
            borders = (member, host) in neighbours()
            near[a, h] = 0 if member == host else 1 + 4 * together + 7 * borders
    return near


def _origin_weights(hosts: tuple[str, ...], origins: tuple[str, ...], english: list[str]) -> Floats:
    """Whose children, other than the region's, live in each host's settings: neighbours and the
    host itself first.
    """
    weights = np.zeros((len(hosts), len(origins)))
    for h, host in enumerate(hosts):
        for o, origin in enumerate(origins):
            if origin in english:
                weights[h, o] = 1 + 12 * ((host, origin) in neighbours()) + 60 * (host == origin)
            else:
                weights[h, o] = {"HEALTH": 1.5, "PRIVATE": 0.7, "UNKNOWN": 1.0}.get(origin, 0.3)
    return weights


def origin_codes(areas: Areas, codes: Texts, origin: Ints, elsewhere: Ints) -> Texts:
    """The code of who placed each person: the member's on the date, or the origin outside that
    `elsewhere` numbers.
    """
    outside = np.array(areas.origins, dtype=object)
    return np.where(
        origin < areas.members, codes[np.minimum(origin, len(codes) - 1)], outside[elsewhere]
    )
