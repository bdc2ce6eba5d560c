"""The frames of one quarter: who lives where, who answered, what the lists say, as the curated
figures count them.

Belongs here: what several tables start from, worked out once.
Does not belong here: the tables (`supply.py`, `care.py`, `money.py`).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from made_up.returns.placement_census import PlacementReturns
from made_up.returns.provider_census import ProviderReturns
from made_up.returns.register import InUse, is_damaged_owner
from made_up.returns.register_events import Events
from made_up.truth.care import CareFigures
from made_up.world.areas import Areas
from made_up.world.kinds import AGENCY, OWN, PROVISION_TYPES, SUPPORTED
from made_up.world.occupancy import Settings
from made_up.world.supply import Supply
from schemas import authorities
from schemas.codes import code_set
from schemas.regions import Region

SETTING = ["urn", "host_authority_code"]
LIVING = ["host_authority_code", "provision_type"]
NOT_INSPECTED = "Not yet inspected"
SUPPORTED_TYPE, AGENCY_TYPE, OTHER_TYPE = (
    PROVISION_TYPES[SUPPORTED],
    PROVISION_TYPES[AGENCY],
    "Other",
)
NOBODYS_TYPE = "None"
NOT_COMMISSIONED = [PROVISION_TYPES[OWN], OTHER_TYPE, NOBODYS_TYPE]
"""Types of which a placement census tells part, or nothing."""


@dataclass
class Quarter:
    """All that was made up for one census date."""

    date: dt.date
    areas: Areas
    supply: Supply
    settings: Settings
    people: pd.DataFrame
    providers: ProviderReturns
    placements: PlacementReturns
    register: InUse
    codes: np.ndarray
    care: CareFigures
    ultimate_owners: dict[str, str]
    """By URN, from the newest list of ultimate owners by then; nothing before the first one."""
    events: Events

    @property
    def region(self) -> Region:
        """The region that is made up."""
        return self.areas.region


def in_one_writing(name: str) -> str:
    """An owner's name as the figures give it, however a list spells it. Written once more, and not
    the pipeline's own: else the two would be wrong together.
    """
    kept = "".join(
        letter if letter.isalnum() else "" if letter in "'\u2019" else " "
        for letter in name.lower().replace("&", " and ")
    )
    return " ".join("limited" if word == "ltd" else word for word in kept.split())


class OwnerGroup(NamedTuple):
    """Who owns what an owner's name stands for: `name` of the group, and what it is without Ofsted's
    list (each blank where nothing tells it); `is_told` where that list tells it.
    """

    name: str
    without_list: str
    is_told: bool


class Frames:
    """One quarter's frames."""

    def __init__(self, quarter: Quarter) -> None:
        self.q = quarter
        self.premises = self._premises()
        self.register = self._register()
        self.owner_groups = self._owner_groups()
        self.agency_urns = set(
            self.register.loc[self.register["provision_type"] == AGENCY_TYPE, "urn"]
        )
        self.reported = self._reported()
        self.returned = self._returned()
        self.residents = self._residents()
        self.placed = self._placed()
        self.own = self._own()

    def _premises(self) -> pd.DataFrame:
        """Every home, agency and premises in the register: supported accommodation as its premises,
        all else as its entry.
        """
        providers = self.q.register.providers
        providers = providers[providers["provision_type"] != SUPPORTED_TYPE]
        providers = providers.assign(premises=1, sa_category="", source="providers and places")
        premises = self.q.register.premises.assign(
            premises=1, source="supported accommodation premises"
        )
        names = [
            "urn",
            "host_code",
            "provision_type",
            "sector",
            "sa_category",
            "places",
            "premises",
            "short_breaks",
        ]
        both = pd.concat([providers, premises], ignore_index=True)
        return both[[*names, "provider_name", "source"]].rename(
            columns={"host_code": "host_authority_code"}
        )

    def _register(self) -> pd.DataFrame:
        """One row a URN in an authority: places and premises summed, with the provider's grade."""
        settings = self.premises.groupby(SETTING, as_index=False).agg(
            provision_type=("provision_type", "first"),
            sector=("sector", "first"),
            provider_name=("provider_name", "first"),
            places=("places", lambda places: places.sum(min_count=1)),
            premises=("premises", "sum"),
        )
        grades = self.q.register.providers.set_index("urn")["grade"]
        return settings.assign(
            grade=settings["urn"].map(grades).fillna("").replace("", NOT_INSPECTED)
        )

    def _owner_groups(self) -> dict[str, OwnerGroup]:
        """The group of each owner's name in the register: its ultimate owner, where those of its
        settings in Ofsted's list have one, else its plain name; of a damaged text only where all
        its settings are in the list, and have one.
        """
        by_name = {name: in_one_writing(name) for name in self.register["provider_name"].unique()}
        ultimate: dict[tuple[bool, str], list[str]] = defaultdict(list)
        for urn, name in self.register[["urn", "provider_name"]].itertuples(index=False, name=None):
            damaged = is_damaged_owner(name)
            known_by = damaged, name if damaged else by_name[name]
            ultimate[known_by].append(in_one_writing(self.q.ultimate_owners.get(urn, "")))
        groups = {}
        for name, plain in by_name.items():
            damaged = is_damaged_owner(name)
            of_settings = ultimate[damaged, name if damaged else plain]
            told = set(of_settings) - {""}
            is_told = len(told) == 1 and not (damaged and "" in of_settings)
            own = "" if damaged else plain
            groups[name] = OwnerGroup(told.pop() if is_told else own, own, is_told)
        return groups

    def _reported(self) -> pd.DataFrame:
        """The settings in the returns, row by row, with the provision type that counts.

        The register's type stands over the return's; an agency is known by its URN wherever its
        carers live.
        """
        rows = self.q.providers.loaded_settings().rename(
            columns={"host_code": "host_authority_code"}
        )
        rows = rows.merge(
            self.register[[*SETTING, "provision_type", "places"]].rename(
                columns={"places": "register_places"}
            ),
            on=SETTING,
            how="left",
        )
        by_register = rows["provision_type"].notna() & (rows["provision_type"] != OTHER_TYPE)
        agency = rows["urn"].isin(self.agency_urns)
        own = pd.Series(PROVISION_TYPES[rows["kind"]], index=rows.index)
        return rows.assign(
            provision_type=rows["provision_type"].where(
                by_register, own.where(~agency, AGENCY_TYPE)
            ),
            known=by_register | agency,
        )

    def _returned(self) -> pd.DataFrame:
        """One row a URN in an authority that returned, its premises summed."""
        counts = ["registered_places", "occupied_places", "vacant_places", "unavailable_places"]

        def joined(values: pd.Series) -> str:
            return ", ".join(sorted({str(v) for v in values if v}))

        def categories(values: pd.Series) -> str:
            return ", ".join(f"Category {v}" for v in sorted(set(values)) if v)

        def gender(values: pd.Series) -> str:
            return values.iloc[0] if len(set(values)) == 1 else "Any"

        return self.reported.groupby(SETTING, as_index=False).agg(
            provision_type=("provision_type", "first"),
            sender=("sender", "first"),
            setting_name=("setting_name", "first"),
            service_category=("service_category", "first"),
            sa_category=("sa_category", categories),
            framework=("framework", "first"),
            lot=("lot", "first"),
            premises=("unit", "size"),
            min_age=("min_age", "min"),
            max_age=("max_age", "max"),
            gender_accepted=("gender_accepted", gender),
            unavailable_reason=("unavailable_reason", joined),
            known=("known", "first"),
            register_places=("register_places", "first"),
            **{name: (name, "sum") for name in counts},
        )

    def _residents(self) -> pd.DataFrame:
        """Who lives in the settings, by the placements tables: every row's host is known from how
        the rows were made.
        """
        types = self.returned[[*SETTING, "provision_type"]]
        rows = self.q.providers.loaded_placements().rename(
            columns={"host_code": "host_authority_code"}
        )
        return rows.merge(types, on=SETTING)

    def _placed(self) -> pd.DataFrame:
        """The authorities' own placements, with host, provision type and arrangement as far as they
        can be known.
        """
        rows = self.q.placements.loaded()
        meaning = pd.DataFrame.from_dict(code_set("type_of_provision").meanings, orient="index")
        rows = rows.join(
            meaning[["provision_type", "arrangement", "mark", "in_house_by_register"]],
            on="type_of_provision",
        )
        urns = self.register.groupby("urn").agg(
            only_host=("host_authority_code", "first"),
            hosts=("host_authority_code", "size"),
            of_type=("provision_type", "first"),
            sector=("sector", "first"),
        )
        place = urns.reindex(rows["establishment_urn"]).set_axis(rows.index)
        provider_sector = urns["sector"].reindex(rows["provider_urn"]).set_axis(rows.index)
        fostering = rows["provision_type"].isin([AGENCY_TYPE, PROVISION_TYPES[OWN]])
        found = (place["hosts"] == 1) & (place["of_type"] != AGENCY_TYPE) & ~fostering
        by_register = place["only_host"].where(found & (place["only_host"] != "UNKNOWN"))
        children = self.q.care.children.set_index(["authority_code", "child"])[
            "host_authority_code"
        ]
        by_903 = children.reindex(
            pd.MultiIndex.from_frame(rows[["placing_code", "number"]])
        ).set_axis(rows.index)
        in_903 = pd.MultiIndex.from_frame(rows[["placing_code", "number"]]).isin(children.index)
        host = rows["host_code"].where(
            rows["host_code"] != "", by_903.where(in_903, by_register).fillna("UNKNOWN")
        )
        sector = provider_sector.where(rows["provision_type"] == AGENCY_TYPE, place["sector"])
        public = (rows["in_house_by_register"] == "yes") & (sector == "Local Authority")
        in_house = public & (rows["run_by_code"] == rows["placing_code"])
        arrangement = rows["arrangement"].mask(public, "other authority").mask(in_house, "in-house")
        own_carers = in_house & (rows["provision_type"] == AGENCY_TYPE)
        others_carers = (arrangement == "other authority") & rows["provision_type"].isin(
            [AGENCY_TYPE, PROVISION_TYPES[OWN]]
        )
        return rows.assign(
            placing_authority_code=rows["placing_code"],
            host_authority_code=host,
            arrangement=arrangement,
            provision_type=rows["provision_type"]
            .mask(own_carers, PROVISION_TYPES[OWN])
            .mask(others_carers, OTHER_TYPE),
            looked_after=~rows["post_18"] & (rows["mark"] != "post 18"),
        )

    def covered(self) -> set[str]:
        """The authorities whose SSDA903 of the date is held."""
        return set(self.q.care.returns.answered)

    def _own(self) -> pd.DataFrame:
        """The authorities' own looked-after children, as figures count them: every child of the
        SSDA903 once, with what the placement census says of it; of authorities without an SSDA903
        the commissioned types of their census.
        """
        keys = ["placing_authority_code", "number"]
        by_census = self.placed.assign(
            urn=[urn_of(row) for row in self.placed.to_dict("records")],
            unregistered=self.placed["mark"] == "unregistered",
        )
        assert not by_census.duplicated(keys).any(), "a child stands twice in the placement census"
        told = by_census[[*keys, "provision_type", "urn", "unregistered"]].rename(
            columns=lambda name: name if name in keys else f"census_{name}"
        )
        children = self.q.care.children.rename(
            columns={"authority_code": "placing_authority_code", "child": "number"}
        )
        children = children[children["placing_authority_code"].isin(self.covered())].merge(
            told, on=keys, how="left"
        )
        of_type = children["census_provision_type"].where(
            children["census_provision_type"] != OTHER_TYPE
        )
        coded = children["provision_type"].replace("", NOBODYS_TYPE)
        by_903 = children.assign(
            source="ssda903",
            covers="all",
            provision_type=of_type.fillna(coded).mask(
                children["census_unregistered"].eq(True), OTHER_TYPE
            ),
            urn=children["census_urn"]
            .replace("", np.nan)
            .fillna(children["urn"].replace("XXXXXXX", ""))
            .fillna(""),
        )
        self.types = by_903["provision_type"]
        bought = by_census[
            by_census["looked_after"] & ~by_census["placing_authority_code"].isin(self.covered())
        ]
        bought = bought[~bought["provision_type"].isin(NOT_COMMISSIONED)].assign(
            source="census", covers="commissioned"
        )
        names = [
            "placing_authority_code",
            "host_authority_code",
            "provision_type",
            "source",
            "covers",
            "urn",
        ]
        return pd.concat([by_903[names], bought[names]], ignore_index=True)

    def commissioned_alone(self) -> list[str]:
        """The authorities that sent a placement census and no SSDA903."""
        return sorted(set(self.placed["placing_authority_code"]) - self.covered())

    # --- helpers ---------------------------------------------------------------------------------

    def named(self, table: pd.DataFrame, side: str) -> pd.DataFrame:
        """With GSS code and name of the authority beside its code (`side` is host_, placing_ or
        nothing).
        """
        gss, names = {}, {}
        for code in table[f"{side}authority_code"].unique():
            authority = authorities.on_date(code, self.q.date)
            gss[code] = authority.gss if authority else ""
            names[code] = authority.name if authority else authorities.NO_AUTHORITY.get(code, code)
        at = list(table.columns).index(f"{side}authority_code") + 1
        table.insert(at, f"{side}authority_gss", table[f"{side}authority_code"].map(gss))
        table.insert(at + 1, f"{side}authority_name", table[f"{side}authority_code"].map(names))
        return table

    def sub_region(self, codes: pd.Series) -> pd.Series:
        """The sub-region of each authority; missing outside the region."""
        return codes.map(self.q.region.members)

    def region(self, codes: pd.Series) -> pd.Series:
        """The region of each authority; missing abroad."""
        regions = {}
        for code in codes.unique():
            authority = authorities.on_date(code, self.q.date)
            known = authority.region_code if authority else None
            regions[code] = (
                self.q.region.gss_code if authority and code in self.q.region.members else known
            )
        return codes.map(regions)


def urn_of(row: dict) -> str:
    """The setting's URN as a row of the placement census gives it: the agency's for fostering, else
    the establishment's, or the other one.
    """
    fostering = row["provision_type"] in (AGENCY_TYPE, PROVISION_TYPES[OWN])
    names = (
        ("provider_urn", "establishment_urn")
        if fostering
        else ("establishment_urn", "provider_urn")
    )
    return next((row[name] for name in names if row[name]), "")
