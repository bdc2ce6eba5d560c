"""What the figures of named homes and of owners must be: which homes changed, and what each
authority has with each owner.

Belongs here: the definitions of register_watch and provider_exposure once more, from their
descriptions and never from their SQL. Does not belong here: the frames that they start from
(`frames.py`), which places are near (`places.py`), and how concentrated owners are (`money.py`).
"""

from __future__ import annotations

import re
from collections import defaultdict

import pandas as pd

from made_up.returns.needs_list import homes_of
from made_up.returns.placement_census import NEW_LAYOUT
from made_up.truth.arithmetic import half_up, pence
from made_up.truth.frames import (
    AGENCY_TYPE,
    NOT_INSPECTED,
    OTHER_TYPE,
    SETTING,
    Frames,
    OwnerGroup,
    urn_of,
)
from made_up.truth.places import not_replaced

NOBODY, NOT_KNOWN = "NONE", "Not known"
BELOW_GOOD = {
    "Requires improvement to be good", "Adequate", "Satisfactory", "Inadequate", "Inconsistent quality of service delivery",
    "Serious or widespread weaknesses",
}  # fmt: skip
BY_NAME, BY_ULTIMATE = "by name: a floor", "by ultimate owner"
COMPANY_NUMBER = re.compile(r"[0-9]{8}|[A-Z]{2}[0-9]{6}")
FACTS = [
    "provision_type", "provider_name", "places", "grade", "owner_group", "registration_status", "setting_name", "owner",
]  # fmt: skip


class OwnerTruth:
    """The figures quarter by quarter; the register of each is kept for what changed since."""

    def __init__(self) -> None:
        self._before: pd.DataFrame | None = None

    def tables(self, frames: Frames, places: pd.DataFrame) -> dict[str, pd.DataFrame]:
        """The tables of one quarter, without its date; `places` are where its settings stand."""
        listed = _listed(frames)
        made = {"provider_exposure": provider_exposure(frames, listed, places)}
        use = frames.q.register
        is_new = frames.q.date in (use.providers_as_at, use.premises_as_at)
        if self._before is not None and is_new:
            made["register_watch"] = register_watch(frames, listed, self._before)
        self._before = listed
        return made


def _listed(frames: Frames) -> pd.DataFrame:
    """The register's settings with their owner group and status: premises of supported
    accommodation are all active.
    """
    status = frames.q.register.providers.set_index("urn")["status"]
    register = frames.register
    supported = register["provision_type"] == "Supported accommodation"
    return register.assign(
        owner=[frames.owner_groups[name] for name in register["provider_name"]],
        owner_group=[frames.owner_groups[name].name for name in register["provider_name"]],
        registration_status=register["urn"].map(status).where(~supported, "Active"),
        setting_name=register["provider_name"].mask(
            register["urn"].isin(homes_of(frames.q.register.providers)["urn"]),
            "Home " + register["urn"],
        ),
    )


def register_watch(frames: Frames, now: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Each home that changed, with whose children live there."""
    of_kind = [
        rows[~rows["provision_type"].isin([OTHER_TYPE, AGENCY_TYPE])].set_index(SETTING)[FACTS]
        for rows in (now, before)
    ]
    both = of_kind[0].join(of_kind[1].add_suffix("_before"), how="outer").astype(object)
    both = both.where(both.notna(), None)
    living = _living(frames)
    lines = []
    for (urn, host), row in both.iterrows():
        is_now, was_then = (
            row["provision_type"] is not None,
            row["provision_type_before"] is not None,
        )
        is_suspended, was_suspended = (
            row[name] == "Suspended"
            for name in ("registration_status", "registration_status_before")
        )
        grades = {row["grade"], row["grade_before"]}
        changes = {
            "opened": is_now and not was_then,
            "closed": was_then and not is_now,
            "sold": is_now and was_then and _is_sold(row["owner_before"], row["owner"]),
            "regraded": is_now and was_then and len(grades) == 2 and NOT_INSPECTED not in grades,
            "suspended": is_suspended and was_then and not was_suspended,
        }
        told = {
            name: row[name] if row[name] is not None else row[f"{name}_before"]
            for name in ("provision_type", "provider_name", "places", "setting_name")
        }
        facts = {
            name: row[name] or ""
            for name in (
                "grade",
                "grade_before",
                "owner_group",
                "owner_group_before",
                "registration_status",
            )
        }
        told_by_ofsted = _told(frames, urn)
        for change in (name for name, happened in changes.items() if happened):
            for code, children, post_18 in living.get(urn, [(NOBODY, 0, 0)]):
                key = told_by_ofsted | {
                    "urn": urn,
                    "host_authority_code": host,
                    "change": change,
                    "placing_authority_code": code,
                }
                counts = {"children": children, "post_18": post_18}
                lines.append({**key, **told, **facts, **counts})
    columns = [
        "urn", "host_authority_code", "change", "placing_authority_code", *FACTS[:3], "setting_name", "grade", "grade_before",
        "owner_group", "owner_group_before", "registration_status", "children", "post_18", "change_reason", "left_date",
        "inspection_date", "in_year_event",
    ]  # fmt: skip
    table = pd.DataFrame(lines, columns=columns)
    return frames.named(
        table.assign(places=table["places"].astype("Float64").astype("Int64")), "host_"
    )


def _told(frames: Frames, urn: str) -> dict[str, str]:
    """What Ofsted says of a home: why it joined or left, when it left, and its newest inspection by
    the date.
    """
    events, date = frames.q.events, frames.q.date
    reason, left = events.changes.get(urn, ("", None))
    by_then = [one for one in events.inspections.get(urn, []) if one[0] <= date]
    day, event = max(by_then, default=(None, ""))
    return {
        "change_reason": reason,
        "left_date": left.isoformat() if left else "",
        "inspection_date": day.isoformat() if day else "",
        "in_year_event": event,
    }


def _is_sold(before: OwnerGroup, now: OwnerGroup) -> bool:
    """Whether another group owns it: where Ofsted's list speaks of it on one of the dates alone,
    another name must stand there, too.
    """
    if before.is_told != now.is_told and (
        not (before.without_list and now.without_list) or before.without_list == now.without_list
    ):
        return False
    return bool(before.name and now.name) and before.name != now.name


def _living(frames: Frames) -> dict[str, list[tuple[str, int, int]]]:
    """By URN, each authority and whom it has there by its own returns, those of its SSDA903 and
    whom only its census has: children looked after, and young people placed after 18.
    """
    by_903 = frames.own.loc[frames.own["source"] == "ssda903", ["urn", "placing_authority_code"]]
    by_903 = by_903.assign(looked_after=True)
    children = frames.q.care.children
    known = set(zip(children["authority_code"], children["child"], strict=True))
    rows = [
        row
        for row in frames.placed.to_dict("records")
        if (row["placing_authority_code"], row["number"]) not in known
    ]
    added = pd.DataFrame(
        [(urn_of(row), row["placing_authority_code"], row["looked_after"]) for row in rows],
        columns=by_903.columns,
    )
    found: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
    for (urn, code), looked_after in pd.concat([by_903, added]).groupby(
        ["urn", "placing_authority_code"]
    )["looked_after"]:
        if urn:
            found[urn].append((code, int(looked_after.sum()), int((~looked_after).sum())))
    return found


def provider_exposure(frames: Frames, listed: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Each owner group with which an authority has a placement: its homes in the region, and what
    the authority has there.
    """
    standing = listed[listed["provision_type"] != OTHER_TYPE]
    standing = standing.assign(
        group=standing["owner_group"].where(
            standing["owner_group"] != "", standing["provider_name"]
        )
    )
    of_urn = standing.groupby("urn")["group"].min().to_dict()
    names = {name: owner.name for name, owner in frames.owner_groups.items()}
    replaced = not_replaced(frames, places, of_urn)
    homes = dict(
        list(
            standing[standing["host_authority_code"].isin(frames.q.region.members)].groupby("group")
        )
    )
    residents = frames.residents.assign(group=frames.residents["urn"].map(of_urn))
    notice = residents[residents["notice"]].groupby("group").size()
    fees: dict[tuple[str, str], list[int]] = defaultdict(list)
    for code, group, fee in residents[["placing_code", "group", "fee"]].itertuples(
        index=False, name=None
    ):
        if isinstance(group, str) and (pounds := pence(fee)):
            fees[code, group].append(pounds)
    companies: dict[tuple[str, str], set[str]] = defaultdict(set)
    packages: dict[tuple[str, str], int] = defaultdict(int)
    placed: dict[tuple[str, str], list[int | None]] = defaultdict(list)
    of_authority: dict[str, int] = defaultdict(int)
    for row in frames.placed.to_dict("records"):
        urn, code = row["establishment_urn"] or row["provider_urn"], row["placing_authority_code"]
        group = (
            of_urn.get(urn) or names.get(row["organisation"]) or row["organisation"] or NOT_KNOWN
        )
        if frames.q.date >= NEW_LAYOUT:
            packages[code, group] += bool(row["additional_packages"])
            if urn in of_urn and COMPANY_NUMBER.fullmatch(str(row["company_number"])):
                companies[code, of_urn[urn]].add(row["company_number"])
        if row["arrangement"] != "in-house":
            placed[code, group].append(pence(row["total_weekly_cost"]))
            of_authority[code] += 1
    lines = []
    for (code, group), costs in placed.items():
        own = homes.get(group, standing.head(0))
        lines.append(
            {
                "owner_group": group,
                "placing_authority_code": code,
                "owner_basis": _basis(own),
                "company_numbers": ", ".join(sorted(companies.get((code, group), ()))),
                "homes": len(own),
                "places": own["places"].sum(min_count=1) if len(own) else None,
                "homes_below_good": int(own["grade"].isin(BELOW_GOOD).sum()),
                "homes_suspended": int((own["registration_status"] == "Suspended").sum()),
                "under_notice": int(notice.get(group, 0)),
                "places_not_replaced": replaced.get(group, (None, ""))[0],
                "replaced_by": replaced.get(group, (None, ""))[1],
                "placements": len(costs),
                "share_of_authority": half_up(len(costs), of_authority[code], 6),
                "with_packages": packages.get((code, group)),
                "weekly_spend": _pounds([cost for cost in costs if cost is not None]),
                "fees_by_providers": _pounds(fees.get((code, group), [])),
            }
        )
    table = pd.DataFrame(lines)
    for name in ("places", "places_not_replaced", "with_packages"):
        table[name] = table[name].astype("Float64").astype("Int64")
    return frames.named(table, "placing_")


def _basis(homes: pd.DataFrame) -> str:
    """How a group's homes in the region are told to be of one owner."""
    if homes.empty:
        return ""
    return BY_ULTIMATE if any(owner.is_told for owner in homes["owner"]) else BY_NAME


def _pounds(costs: list[int]) -> str:
    """Pence added up, as pounds; blank for none."""
    return f"{sum(costs) // 100}.{sum(costs) % 100:02d}" if costs else ""
