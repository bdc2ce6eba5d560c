"""What the figures of money, market and trust must be, worked out from what was made up, in exact
arithmetic.

Belongs here: the definitions of weekly_cost, market_concentration and two_sided_truth once more,
written from their descriptions and never from their SQL. Money is counted in whole pence and
divided as fractions. Does not belong here: the frames that they start from (`truth/frames.py`).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import pandas as pd

from made_up.truth.arithmetic import exact, pence
from made_up.truth.frames import Frames
from made_up.world.kinds import AGENCY, OWN, PROVISION_TYPES
from schemas import authorities
from schemas.regions import Region

PARTS = {
    "mean_social_care": "contribution_social_care",
    "mean_education": "contribution_education",
    "mean_health": "contribution_health",
}
FOSTERING = (PROVISION_TYPES[AGENCY], PROVISION_TYPES[OWN])
NOBODY = ("HEALTH", "PRIVATE", "UNKNOWN")
NEW_LAYOUT, LAW = dt.date(2025, 12, 31), dt.date(2023, 10, 28)
"""Since when young people placed after 18 are in the placement census; when supported accommodation
had to register.
"""
LAW_ON = ("Supported accommodation", "Other")


def areas_of(code: str, region: Region, date: dt.date) -> list[tuple[str, str]]:
    """The areas that an authority's figures are in: itself, its sub-region where it is a member,
    its region.
    """
    found = [("authority", code)]
    members = region.members
    if code in members:
        return [*found, ("sub-region", members[code]), ("region", region.gss_code)]
    authority = authorities.on_date(code, date)
    return (
        [*found, ("region", authority.region_code)]
        if authority and authority.region_code
        else found
    )


Key = tuple[str, str, str, str, str]
"""Area level and code, provision type, population, basis."""


@dataclass
class _Costs:
    """What one quarter's returns say of costs: rows by area and kind, each with its `pence` and who
    is `paid`, and who returned by area.
    """

    groups: dict[Key, list[dict]]
    returned: dict[tuple[str, str], set[str]]


class MoneyTruth:
    """The figures quarter by quarter; the returns of each are kept for the change on a year before."""

    def __init__(self) -> None:
        self._held: dict[dt.date, _Costs] = {}

    def tables(self, frames: Frames) -> dict[str, pd.DataFrame]:
        """The tables of one quarter, without its date."""
        return {
            "weekly_cost": self._weekly_cost(frames),
            "market_concentration": market_concentration(frames),
            "two_sided_truth": two_sided_truth(frames),
        }

    def _weekly_cost(self, frames: Frames) -> pd.DataFrame:
        date, region = frames.q.date, frames.q.region
        now = self._held[date] = _costs_of(frames)
        before = self._held.get(date.replace(year=date.year - 1), _Costs({}, {}))
        means = {
            key: mean for key, rows in now.groups.items() if (mean := _mean_cost(rows)) is not None
        }
        # worked out once: every authority's line asks for its region's
        shown = {key: _may_be_shown(key, now, region, date) for key in now.groups}
        # as releases print them: whole tens, halves up
        ranked = {key: int(mean / 10 + Fraction(1, 2)) for key, mean in means.items() if shown[key]}
        lines = []
        for key, rows in now.groups.items():
            mean = means.get(key)
            whole = (
                "region",
                areas_of(rows[0]["placing_authority_code"], region, date)[-1][1],
                *key[2:],
            )
            in_region = means.get(whole) if key[0] == "region" or shown[whole] else None
            paid = _paid(rows)
            spend = _spend_by_owner(paid)
            both = now.returned[key[:2]] & _who_returned(before)
            broken, earlier, change = _change(key, now, before, both, region, date)
            costs = sorted(row["pence"] for row in paid)
            lines.append(
                {
                    "area_level": key[0],
                    "area_code": key[1],
                    "provision_type": key[2],
                    "population": key[3],
                    "basis": key[4],
                    "authorities_returned": len(now.returned[key[:2]]),
                    "placements": len(paid),
                    "placements_without_cost": len(rows) - len(paid),
                    "owner_groups": len(spend),
                    "largest_group_share": exact(
                        Fraction(max(spend.values()), sum(spend.values())) if spend else None, 6
                    ),
                    "fees_may_be_shown": str(shown[key]),
                    "mean_weekly_cost": exact(mean, 2),
                    "median_weekly_cost": exact(_quantile(costs, Fraction(1, 2)), 2),
                    "lower_decile_weekly_cost": exact(_quantile(costs, Fraction(1, 10)), 2),
                    "upper_decile_weekly_cost": exact(_quantile(costs, Fraction(9, 10)), 2),
                    **{
                        name: exact(_mean([pence(row[part]) for row in paid]), 2)
                        for name, part in PARTS.items()
                    },
                    "annual_equivalent": exact(mean * 365 / 7 if mean is not None else None, 2),
                    "ratio_to_region": exact(
                        mean / in_region if mean is not None and in_region else None, 6
                    ),
                    "rank_in_region": _rank(key, ranked, region, date),
                    "authorities_in_both": len(both),
                    "mean_weekly_cost_year_before": exact(earlier, 2),
                    "mean_weekly_cost_change": exact(change, 2),
                    "mean_weekly_cost_change_share": exact(
                        change / earlier if change is not None and earlier else None, 6
                    ),
                    "break_reason": broken,
                }
            )
        return pd.DataFrame(lines)


def _costs_of(frames: Frames) -> _Costs:
    date, region = frames.q.date, frames.q.region
    year_ago = date.replace(year=date.year - 1).toordinal()
    groups: dict[Key, list[dict]] = defaultdict(list)
    returned: dict[tuple[str, str], set[str]] = defaultdict(set)
    owners = _owners(frames)
    for row in frames.placed.to_dict("records"):
        row["pence"], row["paid"] = pence(row["total_weekly_cost"]) or 0, _paid_to(row, owners)
        population = "looked after" if row["looked_after"] else "post 18"
        for area in areas_of(row["placing_authority_code"], region, date):
            returned[area].add(row["placing_authority_code"])
            groups[(*area, row["provision_type"], population, "all open")].append(row)
            if year_ago < row["placed"] <= date.toordinal():
                groups[(*area, row["provision_type"], population, "started in the year")].append(
                    row
                )
    return _Costs(groups, returned)


def _who_returned(costs: _Costs) -> set[str]:
    return {code for level, code in costs.returned if level == "authority"}


def _paid(rows: list[dict]) -> list[dict]:
    return [row for row in rows if row["pence"]]


def _mean_cost(rows: list[dict]) -> Fraction | None:
    return _mean([row["pence"] for row in _paid(rows)])


def _change(
    key: Key, now: _Costs, before: _Costs, both: set[str], region: Region, date: dt.date
) -> tuple[str, Fraction | None, Fraction | None]:
    """Why there is no change, or the year before's mean and the change, of the authorities in both
    quarters.
    """
    if not both:
        return "no_return_year_before", None, None
    if key[3] == "post 18" and NEW_LAYOUT <= date < NEW_LAYOUT.replace(year=NEW_LAYOUT.year + 1):
        return "layout_2025_12", None, None
    if key[2] in LAW_ON and LAW <= date < LAW.replace(year=LAW.year + 1):
        return "law_2023_10", None, None
    earlier, mean = (
        _mean_cost(
            [row for row in costs.groups.get(key, []) if row["placing_authority_code"] in both]
        )
        for costs in (before, now)
    )
    everybody_in_both = _who_returned(now) & _who_returned(before)
    if (
        earlier is not None
        and key[0] != "authority"
        and not all(
            _may_be_compared(key, costs, everybody_in_both, region, date) for costs in (before, now)
        )
    ):
        return "too_few", None, None
    return "", earlier, mean - earlier if mean is not None and earlier is not None else None


def _may_be_compared(
    key: Key, costs: _Costs, both: set[str], region: Region, date: dt.date
) -> bool:
    """Whether the rule holds for what an area's change rests on in one of the quarters: those in
    both, the others, and all that is left of them.
    """
    of_region = (
        "region",
        next(
            (
                areas_of(row["placing_authority_code"], region, date)[-1][1]
                for row in costs.groups.get(key, [])
            ),
            "",
        ),
        *key[2:],
    )
    told = [(costs.groups.get(key, []), costs.groups.get(of_region, []))]
    if key[4] != "all open":
        told.append((_earlier(key, costs), _earlier(of_region, costs)))
    for rows, around in told:
        for inside in (True, False):
            part, rest = (
                _paid([row for row in some if (row["placing_authority_code"] in both) == inside])
                for some in (rows, around)
            )
            if not _leaves_nobody_alone(part, rest if key[0] == "sub-region" else [], region):
                return False
    return True


def _owners(frames: Frames) -> dict[str, str]:
    """The owner group of each URN in the register, where it is told."""
    groups = frames.register["provider_name"].map(lambda name: frames.owner_groups[name].name)
    owners = frames.register.assign(group=groups)[groups != ""].groupby("urn")["group"].min()
    return owners.to_dict()


def _paid_to(row: dict, owners: dict[str, str]) -> str:
    """Whom a placement pays: the authority itself in-house, one group for all those whom the
    register does not tell.
    """
    if row["arrangement"] == "in-house":
        return f"authority {row['placing_authority_code']}"
    names = (
        ("provider_urn", "establishment_urn")
        if row["provision_type"] == FOSTERING[0]
        else ("establishment_urn", "provider_urn")
    )
    return owners.get(next((row[name] for name in names if row[name]), ""), "not known")


def _spend_by_owner(paid: list[dict]) -> Counter[str]:
    """Pence a week by owner."""
    spend: Counter[str] = Counter()
    for row in paid:
        spend[row["paid"]] += row["pence"]
    return spend


def _rule_holds(placements: int, spend: Counter[str], region: Region) -> bool:
    """Whether enough placements and owners stand behind the placements' mean, and no owner has too
    much of the spend: the region's own rule.
    """
    rule = region.disclosure
    is_spread = bool(spend) and Fraction(max(spend.values()), sum(spend.values())) <= Fraction(
        str(rule.largest_share_of_spend)
    )
    return (
        placements >= rule.placements_for_a_mean
        and len(spend) >= rule.owner_groups_for_a_mean
        and is_spread
    )


def _may_be_shown(key: Key, costs: _Costs, region: Region, date: dt.date) -> bool:
    """Whether the rule holds for an area and for all that a member can work out: without each
    authority, around a sub-region, of earlier starts.
    """
    whole = _paid(costs.groups[key])
    if key[0] == "authority" or not whole:
        return _rule_holds(len(whole), _spend_by_owner(whole), region)
    of_region = (
        "region",
        areas_of(whole[0]["placing_authority_code"], region, date)[-1][1],
        *key[2:],
    )
    told = [(whole, _paid(costs.groups[of_region]))]
    if key[4] != "all open":
        told.append((_earlier(key, costs), _earlier(of_region, costs)))
    return all(
        _leaves_nobody_alone(part, around if key[0] == "sub-region" else [], region)
        for part, around in told
    )


def _earlier(key: Key, costs: _Costs) -> list[dict]:
    """The paid placements of the area that did not start in the year."""
    started = {id(row) for row in costs.groups.get(key, [])}
    return [
        row for row in _paid(costs.groups.get((*key[:4], "all open"), [])) if id(row) not in started
    ]


def _leaves_nobody_alone(paid: list[dict], around: list[dict], region: Region) -> bool:
    """Whether the rule holds for the placements, for them less any one payer's, and for those
    around that are not theirs.
    """
    if not paid:
        return True
    of_payers: dict[str, list[dict]] = defaultdict(list)
    for row in paid:
        of_payers[row["placing_authority_code"]].append(row)
    spend = _spend_by_owner(paid)
    if not _rule_holds(len(paid), spend, region) or len(of_payers) < 3:
        return False
    others = [row for row in around if row["placing_authority_code"] not in of_payers]
    if others and (
        len({row["placing_authority_code"] for row in others}) < 2
        or not _rule_holds(len(others), _spend_by_owner(others), region)
    ):
        return False
    return all(
        _rule_holds(len(paid) - len(own), spend - _spend_by_owner(own), region)
        for own in of_payers.values()
    )


def _rank(key: Key, means: dict[Key, int], region: Region, date: dt.date) -> str:
    """One more than the authorities of the same region that are dearer, of those whose fees may be
    shown.
    """
    if key[0] != "authority" or key not in means:
        return ""
    here = areas_of(key[1], region, date)[-1]
    # the dearer ones first: where an authority lies takes longest to find
    dearer = [
        other
        for other, mean in means.items()
        if other[0] == "authority" and other[2:] == key[2:] and mean > means[key]
    ]
    return str(1 + sum(areas_of(other[1], region, date)[-1] == here for other in dearer))


def _mean(parts: list[int | None]) -> Fraction | None:
    known = [part for part in parts if part is not None]
    return Fraction(sum(known), 100 * len(known)) if known else None


def _quantile(ordered: list[int], share: Fraction) -> Fraction | None:
    """The value (pence in order, to pounds) below which that share lies: in a straight line between
    the two nearest.
    """
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return (ordered[below] + (place - below) * (ordered[above] - ordered[below])) / 100


def market_concentration(frames: Frames) -> pd.DataFrame:
    """Owners of the register's settings by area and type."""
    groups: dict[tuple[str, str, str], list[dict]] = defaultdict(list)
    register = frames.register[frames.register["provision_type"] != "Other"]
    for row in register.to_dict("records"):
        for area in areas_of(row["host_authority_code"], frames.q.region, frames.q.date):
            groups[(*area, row["provision_type"])].append(row)
    lines = []
    for (level, code, kind), rows in groups.items():
        owned: Counter[str] = Counter()
        unknown: list[int] = []
        known = told = 0
        for row in rows:
            places = 0 if pd.isna(row["places"]) else int(row["places"])
            owner = frames.owner_groups[row["provider_name"]]
            premises = int(row["premises"])
            if owner.name:
                owned[owner.name] += places
                known, told = known + premises, told + premises * owner.is_told
            else:
                unknown.append(places)
        sizes = sorted(owned.values(), reverse=True)
        whole = sum(sizes)
        has_places = any(not pd.isna(row["places"]) for row in rows)
        shares = {
            f"share_largest_{n}": exact(Fraction(sum(sizes[:n]), whole) if whole else None, 6)
            for n in (1, 3, 10)
        }
        index = (
            Fraction(10_000 * sum(size * size for size in sizes), whole * whole) if whole else None
        )
        lines.append(
            {
                "area_level": level,
                "area_code": code,
                "provision_type": kind,
                "owner_groups": len(owned),
                "settings": sum(int(row["premises"]) for row in rows),
                "places": str(whole + sum(unknown)) if has_places else "",
                "places_owner_unknown": str(sum(unknown)) if has_places else "",
                **shares,
                "herfindahl_hirschman_index": exact(index, 1),
                "owner_basis": _owner_basis(known, told),
                "share_by_ultimate_owner": exact(Fraction(told, known) if known else None, 6),
            }
        )
    return pd.DataFrame(lines)


def _owner_basis(known: int, told: int) -> str:
    """How the owners of a row are told: of how many settings they are known, and of how many by
    ultimate owner.
    """
    if not known:
        return ""
    if not told:
        return "by name: a floor"
    return "by ultimate owner" if told == known else "by ultimate owner and name: a floor"


def _setting_facts(frames: Frames) -> tuple[dict[str, set[str]], dict[str, str]]:
    """For each URN that the register or a return knows: the authorities it stands in, and its
    provision type where one tells it.
    """
    hosts: dict[str, set[str]] = defaultdict(set)
    kinds: dict[str, str] = {}
    for row in frames.register.to_dict("records"):
        hosts[row["urn"]] |= (
            {row["host_authority_code"]}
            if row["provision_type"] != PROVISION_TYPES[AGENCY]
            else set()
        )
        if row["provision_type"] != "Other":
            kinds[row["urn"]] = row["provision_type"]
    for row in frames.returned[frames.returned["provision_type"] != "Other"].to_dict("records"):
        hosts[row["urn"]].add(row["host_authority_code"])
        kinds[row["urn"]] = row["provision_type"]
    return hosts, kinds


def _by_authorities(
    frames: Frames, hosts: dict[str, set[str]], kinds: dict[str, str], living: Counter
) -> Counter:
    """Children by setting (URN, host, type) and placing authority, as the authorities say."""
    lived_in: dict[tuple[str, str], set[str]] = defaultdict(set)
    for urn, host, _, placing in living:
        lived_in[urn, placing].add(host)
    placed = frames.own[~frames.own["provision_type"].isin(["Other", "None"])].to_dict("records")
    children: Counter = Counter()
    for row in placed:
        urn, placing, said = row["urn"], row["placing_authority_code"], row["host_authority_code"]
        if urn not in hosts:
            children["UNKNOWN", said, row["provision_type"], placing] += 1
            continue
        there = lived_in.get((urn, placing), set())
        if len(hosts[urn]) == 1:
            host = next(iter(hosts[urn]))
        elif said != "UNKNOWN":
            host = said
        else:
            host = next(iter(there)) if len(there) == 1 else "UNKNOWN"
        # of a home of no known type it is what this authority says, whatever others say
        children[urn, host, kinds.get(urn, row["provision_type"]), placing] += 1
    return children


def two_sided_truth(frames: Frames) -> pd.DataFrame:
    """Children by setting and placing authority, as the providers and as the authorities say, with
    the likely cause where they differ.
    """
    hosts, kinds = _setting_facts(frames)
    residents = frames.residents[frames.residents["provision_type"] != "Other"]
    children = residents[~(residents["age"] >= 18) & ~residents["placing_code"].isin(NOBODY)]
    living: Counter = Counter(
        zip(
            children["urn"],
            children["host_authority_code"],
            children["provision_type"],
            children["placing_code"],
            strict=True,
        )
    )
    placed = _by_authorities(frames, hosts, kinds, living)
    answered = set(zip(residents["urn"], residents["host_authority_code"], strict=True))
    empty = frames.returned[
        (frames.returned["occupied_places"] == 0) & (frames.returned["provision_type"] != "Other")
    ]
    answered |= set(zip(empty["urn"], empty["host_authority_code"], strict=True))
    covers = frames.own.groupby("placing_authority_code")[
        "covers"
    ].first().to_dict() | dict.fromkeys(frames.commissioned_alone(), "commissioned")
    nowhere = {(placing, kind) for urn, _, kind, placing in placed if urn == "UNKNOWN"}

    def lines() -> Iterator[dict]:
        for key in sorted(living.keys() | placed.keys()):
            urn, host, kind, placing = key
            by_provider = living[key] if (urn, host) in answered else None
            told = placing in covers and (covers[placing] == "all" or kind != PROVISION_TYPES[OWN])
            by_authority = placed[key] if told else None
            differ = (
                by_provider - by_authority
                if by_provider is not None and by_authority is not None
                else None
            )
            if urn == "UNKNOWN" or (
                differ is not None and differ > 0 and (placing, kind) in nowhere
            ):
                cause = "unknown URN"
            elif by_authority is None and placing not in frames.q.region.members:
                cause = "not a member"
            elif host == "UNKNOWN" and any(urn == known for known, _ in answered):
                cause = "host not known"
            elif differ is None:
                cause = "missing return"
            else:
                cause = "count differs" if differ else ""
            yield {
                "urn": urn,
                "host_authority_code": host,
                "provision_type": kind,
                "placing_authority_code": placing,
                "children_by_providers": "" if by_provider is None else str(by_provider),
                "children_by_authorities": "" if by_authority is None else str(by_authority),
                "difference": "" if differ is None else str(differ),
                "likely_cause": cause,
            }

    return pd.DataFrame(lines())
