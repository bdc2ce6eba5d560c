"""Who owns what: owners, registrations with Ofsted, and settings that open, change and close over
the quarters.

Belongs here: the supply as it truly is, whether or not the register or a return says so. Does not
belong here: who lives there (`world/occupancy.py`), and how the register's lists look
(`returns/register.py`). Days are proleptic ordinals; a setting stands on a day when opened <= day <
closed.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from made_up.assumptions import assumed, dealt_by_number
from made_up.drawing import Floats, Ints, choice, pick, stream
from made_up.world.areas import ANCHOR, Areas
from made_up.world.kinds import AGENCY, FAMILY, HOME, KINDS, OWN, SCHOOL, SECURE, SUPPORTED
from made_up.world.naming import home_names, owner_names, provider_numbers, registration_numbers
from schemas import authorities

NEVER = dt.date(9000, 1, 1).toordinal()
ANCHOR_DAY = ANCHOR.toordinal()
YEAR = 365.25

_ASSUMED = assumed("supply")
HOME_SIZES, PREMISES_SIZES = (
    dealt_by_number(_ASSUMED["home_sizes"]),
    dealt_by_number(_ASSUMED["premises_sizes"]),
)
OPENED_A_YEAR = {
    HOME: _ASSUMED["opened_a_year"]["HOME"],
    SUPPORTED: _ASSUMED["opened_a_year"]["SUPPORTED"],
}
CLOSED_A_YEAR = {
    HOME: _ASSUMED["closed_a_year"]["HOME"],
    SUPPORTED: _ASSUMED["closed_a_year"]["SUPPORTED"],
}
HOMES_NEAR, HOMES_FAR = _ASSUMED["homes_near"], _ASSUMED["homes_far"]
PREMISES_NEAR, PREMISES_FAR = _ASSUMED["premises_near"], _ASSUMED["premises_far"]
BY_AUTHORITIES, CHARITIES = _ASSUMED["by_authorities"], _ASSUMED["charities"]
REGISTER_ONLY: tuple[tuple[str, int, tuple[int, int] | None], ...] = tuple(
    (entry["provision_type"], entry["settings"], tuple(entry["places"]) or None)
    for entry in _ASSUMED["register_only"]
)
"""Types that are in the register and in no figure: type, how many at scale 1, from how many places
to how many.
"""
FEW: tuple[tuple[int, int, int, tuple[int, int]], ...] = (
    (SECURE, 2, 2, (10, 20)),
    (SCHOOL, 6, 4, (8, 40)),
    (FAMILY, 16, 5, (4, 10)),
)
"""Kinds of a handful of settings: kind, how many in the region, how many outside it, from how many
places to how many.
"""
AGENCIES = 44
"""Fostering agencies of a region at scale 1."""
_NATION = assumed("nation")


@dataclass
class Supply:
    """The supply over all quarters.

    `owners`: sender, name, company number, sector, area (-1 unless an authority). `registrations`:
    one row a URN. `units`: one row a home, a premises, or an agency's (an authority's own
    service's) carers in one authority.
    """

    owners: pd.DataFrame
    registrations: pd.DataFrame
    units: pd.DataFrame

    def places_on(self, day: int) -> Ints:
        """Registered places of each unit on the day (0 for fostering, where they follow the
        children).
        """
        changed = self.units["changed"].to_numpy() <= day
        return np.where(changed, self.units["places_after"], self.units["places_before"]).astype(
            np.int64
        )

    def stands_on(self, day: int) -> np.ndarray:
        """Whether each unit stands on the day."""
        return ((self.units["opened"] <= day) & (day < self.units["closed"])).to_numpy()

    def owner_on(self, day: int) -> Ints:
        """The owner of each registration on the day."""
        changed = self.registrations["owner_changed"].to_numpy() <= day
        return np.where(
            changed, self.registrations["owner_after"], self.registrations["owner_before"]
        ).astype(np.int64)

    def room_on(self, day: int, hosts: int) -> Ints:
        """Places by kind and host on the day, of the kinds whose settings have registered places."""
        room = np.zeros((len(KINDS), hosts), dtype=np.int64)
        stands = self.stands_on(day)
        kind, host = self.units["kind"].to_numpy()[stands], self.units["host"].to_numpy()[stands]
        np.add.at(room, (kind, host), self.places_on(day)[stands])
        return room


def build_supply(
    areas: Areas, margins: pd.DataFrame, first: dt.date, last: dt.date, seed: int, scale: float
) -> Supply:
    """The region's supply, exact to the margins on the anchor day, and some of its surroundings'."""
    span = (first.toordinal(), last.toordinal())
    rng = stream(seed, "supply")
    homes = _standing(
        areas,
        margins["homes"],
        margins["home_places"],
        HOME_SIZES,
        (HOMES_NEAR, HOMES_FAR),
        scale,
        rng,
    )
    premises = _standing(
        areas,
        margins["premises"],
        margins["premises_places"],
        PREMISES_SIZES,
        (PREMISES_NEAR, PREMISES_FAR),
        scale,
        rng,
    )
    homes = _over_time(homes, HOME, HOME_SIZES, span, rng)
    premises = _over_time(premises, SUPPORTED, PREMISES_SIZES, span, rng)
    few = _few(areas, margins, scale, rng)

    owners = _owners(areas, len(homes), len(premises), margins, scale, rng)
    registrations: list[pd.DataFrame] = []
    units: list[pd.DataFrame] = []

    def add(new_registrations: pd.DataFrame, new_units: pd.DataFrame) -> None:
        start = sum(map(len, registrations))
        registrations.append(new_registrations)
        units.append(new_units.assign(registration=new_units["registration"].to_numpy() + start))

    add(*_home_registrations(areas, pd.concat([homes, few], ignore_index=True), owners, span, rng))
    add(*_premises_registrations(areas, premises, owners, rng))
    add(*_agencies(areas, owners, rng))
    add(*_own_services(areas, owners))
    add(*_unknown_to_register(areas, owners, scale, rng))
    registered_only = _register_only(areas, owners, scale, rng)
    add(registered_only, pd.DataFrame(columns=["registration"], dtype=np.int64))
    return _finished(
        owners,
        pd.concat(registrations, ignore_index=True),
        pd.concat(units, ignore_index=True),
        span,
        rng,
    )


def split_places(
    count: int, total: int, sizes: tuple[list[int], list[float]], rng: np.random.Generator
) -> Ints:
    """`count` settings of usual sizes whose places add up to `total` (at least one each)."""
    drawn = rng.choice(sizes[0], size=count, p=np.array(sizes[1]) / sum(sizes[1])).astype(np.int64)
    while (missing := total - drawn.sum()) != 0:
        eligible = np.flatnonzero(drawn > 1) if missing < 0 else np.arange(count)
        chosen = rng.permutation(eligible)[: abs(missing)]
        drawn[chosen] += np.sign(missing)
    return drawn


def _standing(
    areas: Areas,
    counts: pd.Series,
    places: pd.Series,
    sizes: tuple[list[int], list[float]],
    outside: tuple[int, int],
    scale: float,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Settings that stand on the anchor day: exact to the margins inside the region, invented
    outside it.
    """
    hosts, drawn = [], []
    for area in range(areas.english):
        if area < areas.members:
            count, total = int(counts.iloc[area]), int(places.iloc[area])
            hosts.append(np.full(count, area))
            drawn.append(split_places(count, total, sizes, rng))
        else:
            usual = outside[0] if areas.nearness[:, area].max() > 1 else outside[1]
            count = max(2, round(usual * scale * rng.uniform(0.6, 1.5)))
            hosts.append(np.full(count, area))
            drawn.append(rng.choice(sizes[0], size=count, p=np.array(sizes[1]) / sum(sizes[1])))
    return pd.DataFrame(
        {"host": np.concatenate(hosts), "places": np.concatenate(drawn).astype(np.int64)}
    )


def _over_time(
    standing: pd.DataFrame,
    kind: int,
    sizes: tuple[list[int], list[float]],
    span: tuple[int, int],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """The standing settings with their first and last days, and those that closed before or opened
    after the anchor day.
    """
    count = len(standing)
    opened = ANCHOR_DAY - 20 - rng.exponential(4.5 * YEAR, count)
    closed = ANCHOR_DAY + 1 + rng.exponential(YEAR / CLOSED_A_YEAR[kind], count)
    before = max(0, ANCHOR_DAY - span[0])
    after = max(0, span[1] - ANCHOR_DAY)
    gone, new = (
        rng.poisson(count * rate[kind] * days / YEAR)
        for rate, days in ((CLOSED_A_YEAR, before), (OPENED_A_YEAR, after))
    )
    ends = ANCHOR_DAY - rng.random(gone) * before
    starts = ANCHOR_DAY + 1 + rng.random(new) * max(0, after - 1)
    chances = np.array(sizes[1]) / sum(sizes[1])
    frames = [
        standing.assign(opened=opened, closed=closed),
        pd.DataFrame({"opened": ends - 250 - rng.exponential(3 * YEAR, gone), "closed": ends}),
        pd.DataFrame({"opened": starts, "closed": starts + 400 + rng.exponential(10 * YEAR, new)}),
    ]
    for frame in frames[1:]:
        frame["host"] = (
            rng.choice(standing["host"].to_numpy(), size=len(frame)) if len(frame) else 0
        )
        frame["places"] = rng.choice(sizes[0], size=len(frame), p=chances)
    together = pd.concat([frame for frame in frames if len(frame)], ignore_index=True)
    together["kind"] = kind
    return together.astype(
        {"opened": np.int64, "closed": np.int64, "host": np.int64, "places": np.int64}
    )


def _few(
    areas: Areas, margins: pd.DataFrame, scale: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Secure homes, special schools registered as homes, and family centres: a handful in the
    region, some outside.
    """
    rows = []
    few = FEW
    if areas.is_nation:
        counts = dict(zip((SECURE, SCHOOL, FAMILY), _NATION["few"].values(), strict=True))
        few = tuple((kind, counts[kind], 0, sizes) for kind, _, _, sizes in FEW)
    for kind, inside, outside, sizes in few:
        shrink = min(1.0, scale) ** 0.5
        hosts = [
            *pick(
                margins[["looked_after"]].to_numpy(dtype=float).T,
                np.zeros(max(1, round(inside * shrink)), dtype=int),
                rng,
            ),
            *areas.elsewhere(rng, max(min(1, outside), round(outside * shrink))),
        ]
        for host in hosts:
            opened = ANCHOR_DAY - int(rng.uniform(3, 12) * YEAR)
            rows.append(
                (int(host), int(max(4, rng.integers(*sizes) * shrink)), opened, NEVER, kind)
            )
    return pd.DataFrame(rows, columns=["host", "places", "opened", "closed", "kind"])


def _owners(
    areas: Areas,
    homes: int,
    premises: int,
    margins: pd.DataFrame,
    scale: float,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Authorities first (one an area of the region), then owners of homes, of supported
    accommodation and of agencies.

    `weight` is the size of the owner, `base` the area where it has most of its settings.
    """
    counts = {
        "homes": max(3, round(0.31 * homes)),
        "premises": max(3, round(premises / 9)),
        "agencies": max(
            3,
            round((_NATION["agencies"] if areas.is_nation else AGENCIES) * min(scale, 1.5) ** 0.6),
        ),
    }
    authority = pd.DataFrame(
        {"deals_in": "authority", "area": range(areas.members), "sector": "Local Authority"}
    )
    by_size = margins["looked_after"].to_numpy(dtype=float)
    rows = [authority.assign(base=authority["area"], weight=1.0)]
    for deals_in, count in counts.items():
        base = np.where(
            rng.random(count) < 0.86,
            pick(by_size[None, :], np.zeros(count, dtype=int), rng),
            areas.elsewhere(rng, count),
        )
        rows.append(
            pd.DataFrame(
                {
                    "deals_in": deals_in,
                    "area": -1,
                    "sector": np.where(
                        rng.random(count) < CHARITIES[deals_in], "Voluntary", "Private"
                    ),
                    "base": base,
                    "weight": (np.arange(count) + 4.0) ** -0.85,
                }
            )
        )
    owners = pd.concat(rows, ignore_index=True)
    private = owners["area"].to_numpy() < 0
    names = owner_names(
        rng, owners["sector"].to_numpy(), (owners["deals_in"] == "agencies").to_numpy()
    )
    owners["name"] = np.where(private, names, "")
    company = (1_000_000 + rng.choice(15_000_000, size=len(owners), replace=False)).astype(str)
    owners["company_number"] = np.where(private, np.char.zfill(company, 8), "")
    owners["sender"] = np.where(private, provider_numbers(rng, len(owners)), "")
    for area in range(areas.members):
        standing = authorities.on_date(areas.hosts[area], ANCHOR)
        owners.loc[area, "name"] = f"{standing.name if standing else areas.hosts[area]} Council"
    return owners


def _home_registrations(
    areas: Areas,
    homes: pd.DataFrame,
    owners: pd.DataFrame,
    span: tuple[int, int],
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One registration a home; a few change hands."""
    count, host = len(homes), homes["host"].to_numpy()
    dealers = owners.index[owners["deals_in"] == "homes"].to_numpy()
    reach = (
        _reach(areas, owners.loc[dealers, "base"].to_numpy())
        * owners.loc[dealers, "weight"].to_numpy()[:, None]
    )
    owner = dealers[pick(reach.T, host, rng)]
    by_authority = (
        (host < areas.members)
        & (rng.random(count) < BY_AUTHORITIES)
        & homes["kind"].isin([HOME, SECURE])
    )
    owner = np.where(by_authority, host, owner)
    changes = ~by_authority & (rng.random(count) < 0.04)
    registrations = pd.DataFrame(
        {
            "kind": homes["kind"].to_numpy(),
            "office": host,
            "owner_before": owner,
            "owner_after": np.where(changes, dealers[pick(reach.T, host, rng)], owner),
            "owner_changed": np.where(
                changes, rng.integers(span[0] - 30, span[1] + 1, count), NEVER
            ),
            "opened": homes["opened"].to_numpy(),
        }
    )
    kind, places = homes["kind"].to_numpy(), homes["places"].to_numpy()
    category = choice(
        rng,
        ["Mainstream", "Therapeutic", "Disability", "Short breaks", "Crisis", "Solo"],
        [0.67, 0.18, 0.07, 0.04, 0.02, 0.02],
        count,
    )
    category = np.where((category == "Solo") & (places > 2), "Mainstream", category)
    category = np.where(
        kind == FAMILY, "Family assessment", np.where(kind == SCHOOL, "Disability", category)
    )
    youngest = np.where(kind == FAMILY, 0, rng.choice([5, 7, 8, 10, 11], count))
    units = homes.assign(
        registration=np.arange(count),
        name=home_names(rng, count),
        service_category=category,
        short_breaks=(category == "Short breaks") & (rng.random(count) < 0.8),
        several_buildings=(places >= 5) & (rng.random(count) < 0.15),
        min_age=youngest,
        max_age=np.where(kind == FAMILY, 5, rng.choice([16, 17, 17, 18], count)),
        gender_accepted=choice(rng, ["Any", "Male", "Female"], [0.8, 0.12, 0.08], count),
        spare=np.where((kind == HOME) & (rng.random(count) < 0.008), 1, 0),
        strain=np.where(rng.random(count) < 0.45, rng.uniform(0.15, 0.6, count), 0.03),
    )
    return registrations, units


def _premises_registrations(
    areas: Areas, premises: pd.DataFrame, owners: pd.DataFrame, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Supported accommodation: one registration a provider, about half of whose premises stand away
    from its office.
    """
    count, host = len(premises), premises["host"].to_numpy()
    private = owners.index[owners["deals_in"] == "premises"].to_numpy()
    also_homes = rng.permutation(owners.index[owners["deals_in"] == "homes"].to_numpy())[
        : max(1, len(private) // 8)
    ]
    councils = rng.permutation(areas.members)[: max(1, round(0.4 * areas.members))]
    provider_owner = np.concatenate([private, also_homes, councils])
    office = owners.loc[provider_owner, "base"].to_numpy()
    is_council = np.isin(provider_owner, councils)
    weight = np.where(is_council, 0.0, owners.loc[provider_owner, "weight"].to_numpy())
    at_home = (office[:, None] == np.arange(len(areas.hosts))[None, :]) & (weight[:, None] > 0)
    local = weight[:, None] * at_home
    remote = _reach(areas, office) * weight[:, None] * ~at_home
    stays = (rng.random(count) < 0.5) & (local.sum(axis=0)[host] > 0)
    provider = np.where(
        stays,
        pick(np.where(local.sum(axis=0) > 0, local, 1.0).T, host, rng),
        pick(remote.T, host, rng),
    )
    for council in councils:
        its = np.flatnonzero((host == council) & (rng.random(count) < 0.12))
        provider[its] = np.flatnonzero(is_council & (provider_owner == council))[0]
    leaning = choice(rng, [1, 2, 3, 4], [0.62, 0.12, 0.18, 0.08], len(provider_owner)).astype(int)
    category = np.where(
        rng.random(count) < 0.75,
        leaning[provider],
        choice(rng, [1, 2, 3, 4], [0.5, 0.2, 0.2, 0.1], count).astype(int),
    )
    registrations = pd.DataFrame(
        {
            "kind": SUPPORTED,
            "office": office,
            "owner_before": provider_owner,
            "owner_after": provider_owner,
            "owner_changed": NEVER,
            "opened": dt.date(2023, 4, 28).toordinal() + rng.integers(0, 200, len(provider_owner)),
        }
    )
    units = premises.assign(
        registration=provider,
        name=np.array([owners.loc[o, "name"] for o in provider_owner], dtype=object)[provider],
        service_category="",
        sa_category=category,
        min_age=16,
        max_age=np.where(category == 3, 25, rng.choice([18, 21, 25], count)),
        gender_accepted=choice(rng, ["Any", "Male", "Female"], [0.86, 0.09, 0.05], count),
        spare=0,
        strain=np.where(rng.random(count) < 0.25, rng.uniform(0.1, 0.5, count), 0.02),
    )
    return registrations, units


def _agencies(
    areas: Areas, owners: pd.DataFrame, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fostering agencies: registered where their office is, with carers in several authorities."""
    owner = owners.index[owners["deals_in"] == "agencies"].to_numpy()
    office = owners.loc[owner, "base"].to_numpy()
    count = len(owner)
    opened = np.where(
        rng.random(count) < 0.9, ANCHOR_DAY - 3650, ANCHOR_DAY - rng.integers(-300, 600, count)
    )
    reach = _reach(areas, office)
    pairs = []
    for agency in range(count):
        hosts = min(areas.english, 1 + rng.geometric(1 / 5))
        weights = reach[agency, : areas.english] / reach[agency, : areas.english].sum()
        pairs += [
            (agency, host)
            for host in rng.choice(areas.english, size=hosts, replace=False, p=weights)
        ]
    lasting = np.flatnonzero(opened == ANCHOR_DAY - 3650)
    lasting = lasting if len(lasting) else np.array([0])
    opened[lasting] = ANCHOR_DAY - 3650
    served = {host for agency, host in pairs if agency in lasting}
    pairs += [
        (int(lasting[host % len(lasting)]), host)
        for host in range(areas.english)
        if host not in served
    ]
    agency, host = np.array(sorted(set(pairs))).T
    registrations = pd.DataFrame(
        {
            "kind": AGENCY,
            "office": office,
            "owner_before": owner,
            "owner_after": owner,
            "owner_changed": NEVER,
            "opened": opened,
        }
    )
    units = pd.DataFrame(
        {
            "registration": agency,
            "kind": AGENCY,
            "host": host,
            "places": 0,
            "opened": opened[agency],
            "closed": NEVER,
            "name": owners.loc[owner, "name"].to_numpy()[agency],
            "service_category": "",
            "min_age": 0,
            "max_age": 18,
            "gender_accepted": "Any",
            "weight": rng.gamma(1.2, 1.0, len(agency)) + 0.2,
            "spare": np.where(rng.random(len(agency)) < 0.08, 1, 0),
            "strain": rng.uniform(0.0, 0.15, len(agency)),
        }
    )
    return registrations, units


def _own_services(areas: Areas, owners: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Each authority's own fostering service, and a possible unit in every authority where its
    carers may live.

    Ofsted registers no authority's fostering service. The service's number stands in the register
    as an adoption support agency of the authority's, so that its sector is known there and no
    figure of the independent agencies holds it.
    """
    members = np.arange(areas.members)
    registrations = pd.DataFrame(
        {
            "kind": OWN,
            "office": members,
            "owner_before": members,
            "owner_after": members,
            "owner_changed": NEVER,
            "opened": ANCHOR_DAY - 6000,
            "ofsted_type": "Adoption support agency",
        }
    )
    host = np.tile(np.arange(areas.english), areas.members)
    whose = np.repeat(members, areas.english)
    units = pd.DataFrame(
        {
            "registration": whose,
            "kind": OWN,
            "host": host,
            "places": 0,
            "opened": ANCHOR_DAY - 6000,
            "closed": NEVER,
            "name": np.array(
                [f"{name} Fostering Service" for name in owners.loc[members, "name"]], dtype=object
            )[whose],
            "service_category": "",
            "min_age": 0,
            "max_age": 18,
            "gender_accepted": "Any",
            "spare": 0,
            "strain": 0.05,
        }
    )
    return registrations, units


def _unknown_to_register(
    areas: Areas, owners: pd.DataFrame, scale: float, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Homes and premises that their providers return and the register does not know."""
    count = max(2, round(10 * scale))
    kind = np.where(np.arange(count) % 2 == 0, HOME, SUPPORTED)
    host = rng.integers(0, areas.members, count)
    owner = rng.choice(owners.index[owners["deals_in"] == "homes"].to_numpy(), count)
    opened = ANCHOR_DAY - rng.integers(0, 500, count)
    registrations = pd.DataFrame(
        {
            "kind": kind,
            "office": host,
            "owner_before": owner,
            "owner_after": owner,
            "owner_changed": NEVER,
            "opened": opened,
            "registered": False,
        }
    )
    units = pd.DataFrame(
        {
            "registration": np.arange(count),
            "kind": kind,
            "host": host,
            "places": rng.integers(1, 4, count),
            "opened": opened,
            "closed": NEVER,
            "name": home_names(rng, count),
            "service_category": np.where(kind == HOME, "Mainstream", ""),
            "sa_category": np.where(kind == HOME, 0, 1),
            "min_age": np.where(kind == HOME, 8, 16),
            "max_age": 18,
            "gender_accepted": "Any",
            "spare": 0,
            "strain": 0.1,
        }
    )
    return registrations, units


def _register_only(
    areas: Areas, owners: pd.DataFrame, scale: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Entries of the register that stay out of every figure."""
    charities = owners.index[(owners["area"] < 0)].to_numpy()
    frames = []
    for ofsted_type, number, places in REGISTER_ONLY:
        number = _NATION["register_only"][ofsted_type] if areas.is_nation else number
        count = max(1, round(number * scale))
        frames.append(
            pd.DataFrame(
                {
                    "kind": -1,
                    "office": rng.integers(0, areas.english, count),
                    "owner_before": rng.choice(charities, count),
                    "owner_changed": NEVER,
                    "opened": ANCHOR_DAY - rng.integers(1000, 6000, count),
                    "ofsted_type": ofsted_type,
                    "register_places": (
                        rng.integers(*places, count).astype(float) if places else np.nan
                    ),
                }
            )
        )
    return pd.concat(frames, ignore_index=True).assign(owner_after=lambda d: d["owner_before"])


def _reach(areas: Areas, office: Ints) -> Floats:
    """How readily a provider with its office in an area runs a setting in each host (offices by
    hosts).
    """
    near = np.ones((len(areas.hosts), len(areas.hosts)))
    near[: areas.members] = areas.nearness
    near[:, : areas.members] = np.maximum(near[:, : areas.members], areas.nearness.T)
    np.fill_diagonal(near, 14)
    near[areas.members :, areas.members :] *= np.where(
        np.eye(len(areas.hosts) - areas.members) > 0, 4, 0.6
    )
    near[:, areas.english :] = 1e-9
    return near[office]


def _finished(
    owners: pd.DataFrame,
    registrations: pd.DataFrame,
    units: pd.DataFrame,
    span: tuple[int, int],
    rng: np.random.Generator,
) -> Supply:
    """What every registration and unit has, whatever its kind: number, name, grades, frameworks;
    changes of places.
    """
    count = len(registrations)
    kind = registrations["kind"].to_numpy()
    ofsted = np.array([k.ofsted_type for k in KINDS], dtype=object)
    named = registrations["ofsted_type"].notna().to_numpy()
    registrations["ofsted_type"] = np.where(named, registrations["ofsted_type"], ofsted[kind])
    registrations["registered"] = registrations["registered"].fillna(True).astype(bool)
    old = (registrations["opened"].to_numpy() < dt.date(2014, 1, 1).toordinal()) | (
        rng.random(count) < 0.08
    )
    registrations["urn"] = registration_numbers(rng, count, old)
    registrations["lot"] = choice(rng, ["", "Lot 1", "Lot 2", "Lot 3"], [0.4, 0.3, 0.2, 0.1], count)
    framework = np.select(
        [kind == AGENCY, kind == SUPPORTED, (kind >= 0) & (kind < SUPPORTED)],
        [
            "Regional Fostering Framework",
            "Regional Supported Accommodation DPS",
            "Regional Residential Framework",
        ],
        "",
    )
    registrations["framework"] = np.where(registrations["lot"] == "", "", framework)
    registrations = pd.concat(
        [registrations, _grades(kind, registrations["opened"].to_numpy(), span, rng)], axis=1
    )

    size = len(units)
    fixed = units["kind"].isin([HOME, SUPPORTED, FAMILY, SCHOOL]).to_numpy()
    changes = fixed & (rng.random(size) < 0.05)
    units["changed"] = np.where(changes, rng.integers(span[0] - 60, span[1] + 1, size), NEVER)
    other = np.maximum(1, units["places"] + rng.choice([-1, 1, 1, 2], size))
    passed = units["changed"] <= ANCHOR_DAY
    units["places_after"] = np.where(changes & ~passed, other, units["places"])
    units["places_before"] = np.where(changes & passed, other, units["places"])
    suspended = fixed & (units["kind"] == HOME).to_numpy() & (rng.random(size) < 0.01)
    units["suspended_from"] = np.where(
        suspended, rng.integers(span[0] - 100, span[1] + 1, size), NEVER
    )
    units["resigned_listed"] = rng.random(size) < 0.3
    for name, blank in (
        ("sa_category", 0),
        ("weight", 1.0),
        ("short_breaks", False),
        ("several_buildings", False),
    ):
        units[name] = units[name].fillna(blank).astype(type(blank))
    whole = [
        "registration",
        "kind",
        "host",
        "places",
        "opened",
        "closed",
        "min_age",
        "max_age",
        "spare",
    ]
    return Supply(owners, registrations, units.astype(dict.fromkeys(whole, np.int64)))


def _grades(
    kind: Ints, opened: Ints, span: tuple[int, int], rng: np.random.Generator
) -> pd.DataFrame:
    """Each registration's first judgement and a later one, with the days from which they are known."""
    count = len(kind)
    homes = ["Good", "Requires improvement to be good", "Outstanding", "Inadequate"]
    supported = [
        "Consistently strong service delivery", "Inconsistent quality of service delivery", "Serious or widespread weaknesses",
    ]  # fmt: skip

    def judged() -> np.ndarray:
        usual = choice(rng, homes, [0.70, 0.15, 0.13, 0.02], count)
        return np.where(kind == SUPPORTED, choice(rng, supported, [0.52, 0.38, 0.10], count), usual)

    first = opened + rng.integers(180, 420, count)
    first = np.where(
        kind == SUPPORTED, dt.date(2024, 10, 1).toordinal() + rng.integers(0, 1200, count), first
    )
    first = np.where(np.isin(kind, [OWN, -1]), NEVER, first)
    again = np.where(rng.random(count) < 0.35, first + rng.integers(330, 800, count), NEVER)
    return pd.DataFrame(
        {"graded": first, "grade": judged(), "graded_again": again, "grade_later": judged()}
    )
