"""What the curated figures must be, worked out from what was made up: who lives where, who answered, what the lists say.

Belongs here: the definitions of the curated tables once more, in pandas, written from their descriptions and never from
their SQL, so that the two can be held against each other.
Does not belong here: estimates and their intervals; `whole` gives what they are estimates of.
Counts are whole numbers, shares are rounded half up to six decimals, unknown is blank.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from resources.made_up.areas import neighbours
from resources.made_up.care_truth import CareFigures, half_up
from resources.made_up.kinds import AGENCY, OWN, PROVISION_TYPES, SUPPORTED
from resources.made_up.landing import Landing, write_truth
from resources.made_up.occupancy import Settings
from resources.made_up.placement_returns import PlacementReturns
from resources.made_up.provider_returns import ProviderReturns
from resources.made_up.register import InUse
from resources.made_up.supply import Supply
from resources.made_up.truth_money import MoneyTruth
from schemas import authorities
from schemas.codes import code_set
from schemas.regions import Region

SETTING = ["urn", "host_authority_code"]
LIVING = ["host_authority_code", "provision_type"]
NOT_INSPECTED = "Not yet inspected"
SUPPORTED_TYPE, AGENCY_TYPE, OTHER_TYPE = PROVISION_TYPES[SUPPORTED], PROVISION_TYPES[AGENCY], "Other"
NOBODYS_TYPE = "None"
NOT_COMMISSIONED = [PROVISION_TYPES[OWN], OTHER_TYPE, NOBODYS_TYPE]
"""Types of which a placement census tells part, or nothing."""


@dataclass
class Quarter:
    """All that was made up for one census date."""

    date: dt.date
    region: Region
    supply: Supply
    settings: Settings
    people: pd.DataFrame
    providers: ProviderReturns
    placements: PlacementReturns
    register: InUse
    codes: np.ndarray
    care: CareFigures


class Truth:
    """The curated tables, collected quarter by quarter."""

    def __init__(self) -> None:
        self._tables: dict[str, list[pd.DataFrame]] = {}
        self._money = MoneyTruth()

    def add(self, quarter: Quarter) -> None:
        """Work out one quarter's figures."""
        figures = _Figures(quarter)
        for name, table in [(name, make()) for name, make in figures.tables().items()] + [*self._money.tables(figures).items()]:
            table.insert(0, "census_date", quarter.date.isoformat())
            self._tables.setdefault(name, []).append(table)

    def write(self, landing: Landing, deadline_days: int) -> None:
        """Write one CSV a table, all quarters in it."""
        for name, tables in self._tables.items():
            write_truth(landing.made, name, pd.concat(tables, ignore_index=True))
        write_truth(landing.made, "return_quality", return_quality(landing, deadline_days))


def share(part: pd.Series, whole: pd.Series) -> pd.Series:
    """`part / whole` as text with six decimals, half up; blank where either is unknown or the whole is 0."""
    shares = []
    for a, b in zip(part, whole, strict=True):
        if pd.isna(a) or pd.isna(b) or b == 0:
            shares.append("")
        else:
            millionths = (2 * int(a) * 10**6 + int(b)) // (2 * int(b))
            shares.append(f"{millionths // 10**6}.{millionths % 10**6:06d}")
    return pd.Series(shares, index=part.index, dtype=object)


def return_quality(landing: Landing, deadline_days: int) -> pd.DataFrame:
    """The books of every table in force, and how late it came."""
    books = landing.in_force()
    late = [max(0, (received.date() - date).days - deadline_days) for received, date in zip(books["received_at"], books["census_date"], strict=True)]
    names = ["census_date", "sender", "table_name", "version", "status"]
    rows = ["rows_received", "rows_loaded", "rows_rejected", "rows_set_aside"]
    return books.assign(status="in force", days_late=late)[[*names, *rows, "days_late"]].reset_index(drop=True)


class _Figures:
    """One quarter's frames, and the figures that follow from them."""

    def __init__(self, quarter: Quarter) -> None:
        self.q = quarter
        self.premises = self._premises()
        self.register = self._register()
        self.agency_urns = set(self.register.loc[self.register["provision_type"] == AGENCY_TYPE, "urn"])
        self.reported = self._reported()
        self.returned = self._returned()
        self.residents = self._residents()
        self.placed = self._placed()
        self.own = self._own()

    def tables(self) -> dict:
        """How to make each table, by name."""
        return {
            "host_authority_occupancy": self.host_authority_occupancy,
            "host_authority_origin": self.host_authority_origin,
            "host_use_of_own_supply": self.host_use_of_own_supply,
            "unavailable_places": self.unavailable_places,
            "homes": self.homes,
            "own_placements_location": self.own_placements_location,
            "placement_flow": self.placement_flow,
            "commissioned_placements": self.commissioned_placements,
            "net_position": self.net_position,
            "setting_vacancies": self.setting_vacancies,
            "whole": self.whole,
            **{name: lambda make=make: self._named(make(), "") for name, make in self.q.care.tables().items()},
            "placement_distance": lambda: self._named(self.q.care.placement_distance(self.types), ""),
        }

    # --- what the figures rest on ----------------------------------------------------------------

    def _premises(self) -> pd.DataFrame:
        """Every home, agency and premises in the register: supported accommodation as its premises, all else as its entry."""
        providers = self.q.register.providers
        providers = providers[providers["provision_type"] != SUPPORTED_TYPE]
        providers = providers.assign(premises=1, sa_category="", source="providers and places")
        premises = self.q.register.premises.assign(premises=1, source="supported accommodation premises")
        names = ["urn", "host_code", "provision_type", "sector", "sa_category", "places", "premises", "short_breaks"]
        both = pd.concat([providers, premises], ignore_index=True)
        return both[[*names, "provider_name", "source"]].rename(columns={"host_code": "host_authority_code"})

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
        return settings.assign(grade=settings["urn"].map(grades).fillna("").replace("", NOT_INSPECTED))

    def _reported(self) -> pd.DataFrame:
        """The settings in the returns, row by row, with the provision type that counts.

        The register's type stands over the return's; an agency is known by its URN wherever its carers live.
        """
        rows = self.q.providers.loaded_settings().rename(columns={"host_code": "host_authority_code"})
        rows = rows.merge(
            self.register[[*SETTING, "provision_type", "places"]].rename(columns={"places": "register_places"}),
            on=SETTING,
            how="left",
        )
        by_register = rows["provision_type"].notna() & (rows["provision_type"] != OTHER_TYPE)
        agency = rows["urn"].isin(self.agency_urns)
        own = pd.Series(PROVISION_TYPES[rows["kind"]], index=rows.index)
        return rows.assign(
            provision_type=rows["provision_type"].where(by_register, own.where(~agency, AGENCY_TYPE)),
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
        """Who lives in the settings, by the placements tables: every row's host is known from how the rows were made."""
        types = self.returned[[*SETTING, "provision_type"]]
        rows = self.q.providers.loaded_placements().rename(columns={"host_code": "host_authority_code"})
        return rows.merge(types, on=SETTING)

    def _placed(self) -> pd.DataFrame:
        """The authorities' own placements, with host, provision type and arrangement as far as they can be known."""
        rows = self.q.placements.loaded()
        meaning = pd.DataFrame.from_dict(code_set("type_of_provision").meanings, orient="index")
        rows = rows.join(meaning[["provision_type", "arrangement", "mark", "in_house_by_register"]], on="type_of_provision")
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
        children = self.q.care.children.set_index(["authority_code", "child"])["host_authority_code"]
        by_903 = children.reindex(pd.MultiIndex.from_frame(rows[["placing_code", "number"]])).set_axis(rows.index)
        in_903 = pd.MultiIndex.from_frame(rows[["placing_code", "number"]]).isin(children.index)
        host = rows["host_code"].where(rows["host_code"] != "", by_903.where(in_903, by_register).fillna("UNKNOWN"))
        sector = provider_sector.where(rows["provision_type"] == AGENCY_TYPE, place["sector"])
        public = (rows["in_house_by_register"] == "yes") & (sector == "Local Authority")
        in_house = public & (rows["run_by_code"] == rows["placing_code"])
        arrangement = rows["arrangement"].mask(public, "other authority").mask(in_house, "in-house")
        own_carers = in_house & (rows["provision_type"] == AGENCY_TYPE)
        others_carers = (arrangement == "other authority") & rows["provision_type"].isin([AGENCY_TYPE, PROVISION_TYPES[OWN]])
        return rows.assign(
            placing_authority_code=rows["placing_code"],
            host_authority_code=host,
            arrangement=arrangement,
            provision_type=rows["provision_type"].mask(own_carers, PROVISION_TYPES[OWN]).mask(others_carers, OTHER_TYPE),
            looked_after=~rows["post_18"] & (rows["mark"] != "post 18"),
        )

    def _covered(self) -> set[str]:
        """The authorities whose SSDA903 of the date is held."""
        return set(self.q.care.returns.answered)

    def _own(self) -> pd.DataFrame:
        """The authorities' own looked-after children, as figures count them: every child of the SSDA903 once, with what the placement census
        says of it; of authorities without an SSDA903 the commissioned types of their census.
        """
        keys = ["placing_authority_code", "number"]
        by_census = self.placed.assign(
            urn=[_urn_of(row) for row in self.placed.to_dict("records")], unregistered=self.placed["mark"] == "unregistered"
        )
        assert not by_census.duplicated(keys).any(), "a child stands twice in the placement census"
        told = by_census[[*keys, "provision_type", "urn", "unregistered"]].rename(columns=lambda name: name if name in keys else f"census_{name}")
        children = self.q.care.children.rename(columns={"authority_code": "placing_authority_code", "child": "number"})
        children = children[children["placing_authority_code"].isin(self._covered())].merge(told, on=keys, how="left")
        of_type = children["census_provision_type"].where(children["census_provision_type"] != OTHER_TYPE)
        coded = children["provision_type"].replace("", NOBODYS_TYPE)
        by_903 = children.assign(
            source="ssda903",
            covers="all",
            provision_type=of_type.fillna(coded).mask(children["census_unregistered"].eq(True), OTHER_TYPE),
            urn=children["census_urn"].replace("", np.nan).fillna(children["urn"].replace("XXXXXXX", "")).fillna(""),
        )
        self.types = by_903["provision_type"]
        bought = by_census[by_census["looked_after"] & ~by_census["placing_authority_code"].isin(self._covered())]
        bought = bought[~bought["provision_type"].isin(NOT_COMMISSIONED)].assign(source="census", covers="commissioned")
        names = ["placing_authority_code", "host_authority_code", "provision_type", "source", "covers", "urn"]
        return pd.concat([by_903[names], bought[names]], ignore_index=True)

    def commissioned_alone(self) -> list[str]:
        """The authorities that sent a placement census and no SSDA903."""
        return sorted(set(self.placed["placing_authority_code"]) - self._covered())

    # --- helpers ---------------------------------------------------------------------------------

    def _named(self, table: pd.DataFrame, side: str) -> pd.DataFrame:
        """With GSS code and name of the authority beside its code (`side` is host_, placing_ or nothing)."""
        gss, names = {}, {}
        for code in table[f"{side}authority_code"].unique():
            authority = authorities.on_date(code, self.q.date)
            gss[code] = authority.gss if authority else ""
            names[code] = authority.name if authority else authorities.NO_AUTHORITY.get(code, code)
        at = list(table.columns).index(f"{side}authority_code") + 1
        table.insert(at, f"{side}authority_gss", table[f"{side}authority_code"].map(gss))
        table.insert(at + 1, f"{side}authority_name", table[f"{side}authority_code"].map(names))
        return table

    def _sub_region(self, codes: pd.Series) -> pd.Series:
        return codes.map(self.q.region.members)

    def _region(self, codes: pd.Series) -> pd.Series:
        regions = {}
        for code in codes.unique():
            authority = authorities.on_date(code, self.q.date)
            known = authority.region_code if authority else None
            regions[code] = self.q.region.gss_code if authority and code in self.q.region.members else known
        return codes.map(regions)

    # --- the tables ------------------------------------------------------------------------------

    def host_authority_occupancy(self) -> pd.DataFrame:
        register = self.register[self.register["provision_type"] != OTHER_TYPE]
        theirs = self.returned.assign(told=self.returned[["occupied_places", "vacant_places", "unavailable_places"]].sum(axis=1))
        theirs = theirs.groupby(SETTING, as_index=False)[["premises", "told"]].sum()
        came = register[SETTING].merge(theirs, on=SETTING, how="left").set_index(register.index)
        answered = came["premises"].notna()
        by_agency = register["urn"].isin(self.returned.loc[self.returned["provision_type"] == AGENCY_TYPE, "urn"])
        answered = np.where(register["provision_type"] == AGENCY_TYPE, by_agency, answered)
        # premises have no key: of a provider that returned some of them, the places covered are those it told of, and one stays with each other
        some = answered & (came["premises"] < register["premises"]) & (register["provision_type"] != AGENCY_TYPE)
        left = np.minimum(came["told"], register["places"] - register["premises"] + came["premises"]).clip(lower=0)
        register = register.assign(
            covered=register["premises"].where(~some, came["premises"]).where(answered, 0),
            covered_places=register["places"].where(~some, left).where(answered, register["places"] * 0),
        )

        def known_sum(values: pd.Series) -> float:
            return values.sum(min_count=1)

        registered = register.groupby(LIVING).agg(
            settings_registered=("premises", "sum"),
            places_registered=("places", known_sum),
            covered=("covered", "sum"),
            covered_places=("covered_places", known_sum),
        )
        returned = self.returned.groupby(LIVING).agg(
            settings_returned=("premises", "sum"),
            occupied=("occupied_places", "sum"),
            vacant=("vacant_places", "sum"),
            unavailable=("unavailable_places", "sum"),
        )
        residents = self.residents.assign(under=self.residents["age"] < 18, over=self.residents["age"] >= 18)
        ages = residents.groupby(LIVING)[["under", "over"]].sum()
        table = registered.join(returned, how="outer").join(ages).sort_index().reset_index()
        heard = table["settings_returned"].notna()
        for name in ("settings_registered", "settings_returned"):
            table[name] = table[name].fillna(0)
        table["places_returned"] = (table["occupied"] + table["vacant"] + table["unavailable"]).fillna(0)
        lives = self.returned.groupby([*LIVING, "urn"], as_index=False).agg(occupied=("occupied_places", "sum"))
        listed = lives.merge(self.residents.groupby(SETTING).size().rename("listed").reset_index(), on=SETTING, how="left")["listed"]
        silent = lives.loc[listed.fillna(0).to_numpy() < lives["occupied"], LIVING].drop_duplicates().assign(silent=True)
        ageless = self.residents.loc[self.residents["age"].isna(), LIVING].drop_duplicates().assign(silent=True)
        silent = pd.concat([silent, ageless]).drop_duplicates()
        told = heard & table[LIVING].merge(silent, on=LIVING, how="left")["silent"].isna().to_numpy()
        table["occupied_under_18"] = table["under"].fillna(0).where(told)
        table["occupied_18_plus"] = table["over"].fillna(0).where(told)
        places, occupied, vacant = table["places_returned"], table["occupied"], table["vacant"]
        table["occupancy_rate"] = share(occupied, places)
        table["vacancy_rate"] = share(vacant, places)
        table["unoccupied_rate"] = share(places - occupied, places)
        table["available_occupancy_rate"] = share(occupied, occupied + vacant)
        table["availability_rate"] = share(occupied + vacant, places)
        table["coverage_settings"] = share(table["covered"], table["settings_registered"])
        table["coverage_places"] = share(table["covered_places"], table["places_registered"])
        as_at = {SUPPORTED_TYPE: self.q.register.premises_as_at}
        listed = table["provision_type"].isin(register["provision_type"])
        dates = table["provision_type"].map(lambda kind: as_at.get(kind, self.q.register.providers_as_at))
        table["register_as_at"] = dates.where(listed, "")
        table["register_carried"] = (dates < self.q.date).map({True: "true", False: "false"}).where(listed, "")
        source = table["provision_type"].map(lambda kind: "supported accommodation premises" if kind in as_at else "providers and places")
        table["register_source"] = source.where(listed, "")
        counts = [
            "settings_registered", "places_registered", "settings_returned", "places_returned", "occupied", "vacant",
            "unavailable", "occupied_under_18", "occupied_18_plus",
        ]  # fmt: skip
        rates = ["occupancy_rate", "vacancy_rate", "unoccupied_rate", "available_occupancy_rate", "availability_rate"]
        table = _whole_numbers(table, counts)
        last = ["coverage_settings", "coverage_places", "register_as_at", "register_carried", "register_source"]
        return self._named(table[[*LIVING, *counts[:7], *rates, *counts[7:], *last]].copy(), "host_")

    def host_authority_origin(self) -> pd.DataFrame:
        placing, host = self.residents["placing_code"], self.residents["host_authority_code"]
        pairs = zip(host, placing, strict=True)
        borders = pd.Series([pair in neighbours() for pair in pairs], index=host.index, dtype=bool)
        same_sub_region = self._sub_region(host) == self._sub_region(placing)
        same_region = self._region(host) == self._region(placing)
        band = np.select(
            [(placing == "UNKNOWN") | (host == "UNKNOWN"), placing == host, same_sub_region, same_region | borders],
            ["unknown", "host", "sub_region", "region_or_neighbour"],
            "elsewhere",
        )
        bands = ["host", "sub_region", "region_or_neighbour", "elsewhere", "unknown"]
        table = _banded(self.residents.assign(origin_band=band), LIVING, "origin_band", bands, "children")
        return self._named(table, "host_")

    def host_use_of_own_supply(self) -> pd.DataFrame:
        residents = self.residents.assign(of_host=self.residents["placing_code"] == self.residents["host_authority_code"])
        here = residents.groupby(LIVING).agg(children_living_here=("of_host", "size"), children_of_host=("of_host", "sum"))
        own = self.own.assign(in_area=self.own["host_authority_code"] == self.own["placing_authority_code"])
        by_own = own.assign(host_authority_code=own["placing_authority_code"]).groupby(LIVING)
        placed = by_own.agg(own_placements=("in_area", "size"), own_placements_in_area=("in_area", "sum"))
        table = here.join(placed, how="outer").sort_index().reset_index()
        table.insert(4, "share_of_places_used_by_host", share(table["children_of_host"], table["children_living_here"]))
        covers = dict.fromkeys(self.commissioned_alone(), "commissioned") | own.groupby("placing_authority_code")["covers"].first().to_dict()
        table["covers"] = table["host_authority_code"].map(covers).fillna("")
        told = (table["covers"] == "all") | ((table["covers"] == "commissioned") & ~table["provision_type"].isin(NOT_COMMISSIONED))
        for count in ("own_placements", "own_placements_in_area"):  # who returned and has nobody there has 0
            table[count] = table[count].fillna(0).where(told)
        table["share_of_own_in_area"] = share(table["own_placements_in_area"], table["own_placements"])
        counts = ["children_living_here", "children_of_host", "own_placements", "own_placements_in_area"]
        return self._named(_whole_numbers(table, counts), "host_")

    def unavailable_places(self) -> pd.DataFrame:
        rows = self.reported[self.reported["unavailable_places"] > 0]
        rows = rows.assign(reason=rows["unavailable_reason"].replace("", "Not given"))
        table = rows.groupby([*LIVING, "reason"], as_index=False).agg(places=("unavailable_places", "sum"))
        registered = self.reported.groupby(LIVING, as_index=False).agg(registered=("registered_places", "sum"))
        table = table.merge(registered, on=LIVING, how="left")
        table["share"] = share(table["places"], table.pop("registered"))
        return self._named(table, "host_")

    def homes(self) -> pd.DataFrame:
        premises = self.premises[self.premises["provision_type"] != OTHER_TYPE]
        premises = premises.merge(self.register[[*SETTING, "grade"]], on=SETTING)
        said = premises.merge(self.returned[[*SETTING, "service_category"]], on=SETTING, how="left")["service_category"].fillna("").to_numpy()
        category = np.select(
            [premises["provision_type"] == SUPPORTED_TYPE, premises["provision_type"] == AGENCY_TYPE, said != "", premises["short_breaks"]],
            [premises["sa_category"], "Not applicable", said, "Short breaks"],
            "Not known",
        )
        size = premises["places"].map(lambda places: "Not known" if pd.isna(places) else "6+" if places >= 6 else str(int(places)))
        premises = premises.assign(service_category=category, size_band=size)
        keys = [*LIVING, "service_category", "size_band", "sector", "grade"]
        table = premises.groupby(keys, as_index=False).agg(settings=("premises", "sum"), places=("places", lambda places: places.sum(min_count=1)))
        return self._named(_whole_numbers(table, ["settings", "places"]), "host_")

    def own_placements_location(self) -> pd.DataFrame:
        own = self.own
        placing, host = own["placing_authority_code"], own["host_authority_code"]
        band = np.select(
            [host == "UNKNOWN", host == placing, self._sub_region(host) == self._sub_region(placing)],
            ["unknown", "in_area", "sub_region"],
            "elsewhere",
        )
        bands = ["in_area", "sub_region", "elsewhere", "unknown"]
        keys = ["placing_authority_code", "provision_type"]
        table = _banded(own.assign(location_band=band), keys, "location_band", bands, "placements")
        of_authority = own.groupby("placing_authority_code")[["source", "covers"]].first()
        table = table.join(of_authority, on="placing_authority_code").assign(blank_reason="")
        every = [self.commissioned_alone(), NOT_COMMISSIONED, bands[:-1]]
        blank = pd.MultiIndex.from_product(every, names=[*keys, "location_band"]).to_frame(index=False)
        blank = blank.assign(placements=None, share="", source="census", covers="commissioned", blank_reason="no_ssda903")
        table = pd.concat([table, blank.astype({"placements": "Int64"})], ignore_index=True) if len(blank) else table
        return self._named(_whole_numbers(table, ["placements"]), "placing_")

    def placement_flow(self) -> pd.DataFrame:
        keys = ["placing_authority_code", *LIVING]
        residents = self.residents.rename(columns={"placing_code": "placing_authority_code"})
        children = residents[~(residents["age"] >= 18)]
        by_providers = children.groupby(keys).size().rename("children_by_providers")
        by_authorities = self.own.groupby(keys).size().rename("children_by_authorities")
        table = pd.concat([by_providers, by_authorities], axis=1).sort_index().reset_index()
        heard = set(map(tuple, self.returned[LIVING].to_numpy())) | set(map(tuple, self.residents[LIVING].to_numpy()))
        host_heard = np.array([pair in heard for pair in map(tuple, table[LIVING].to_numpy())], dtype=bool)
        alone = table["placing_authority_code"].isin(self.commissioned_alone())
        covered = table["placing_authority_code"].isin(self._covered())
        placing_heard = covered | (alone & ~table["provision_type"].isin(NOT_COMMISSIONED))
        table["covers"] = np.select([covered, alone], ["all", "commissioned"], "")
        table["children_by_providers"] = table["children_by_providers"].fillna(0).where(host_heard)
        table["children_by_authorities"] = table["children_by_authorities"].fillna(0).where(placing_heard)
        table = _whole_numbers(table, ["children_by_providers", "children_by_authorities"])
        return self._named(self._named(table, "placing_"), "host_")

    def commissioned_placements(self) -> pd.DataFrame:
        bought = self.placed[self.placed["arrangement"] == "independent"]
        population = bought["looked_after"].map({True: "looked after", False: "post 18"})
        bought = bought.assign(authority_code=bought["placing_authority_code"], population=population)
        table = bought.groupby(["authority_code", "provision_type", "population"], as_index=False).agg(placements=("looked_after", "size"))
        return self._named(table, "")

    def net_position(self) -> pd.DataFrame:
        own = self.own[self.own["covers"] == "all"]
        placing, host = own["placing_authority_code"], own["host_authority_code"]
        own = own.assign(own_inside=host == placing, own_outside=(host != placing) & (host != "UNKNOWN"), own_unknown=host == "UNKNOWN")
        sides = own.groupby("placing_authority_code").agg(
            own_inside=("own_inside", "sum"), own_outside=("own_outside", "sum"), own_unknown=("own_unknown", "sum"), source=("source", "first")
        )
        others = own[own["own_outside"]].groupby("host_authority_code").size().rename("others_inside_by_authorities")

        living = self.residents[self.residents["host_authority_code"] != "UNKNOWN"]
        of_others = ~living["placing_code"].isin(["HEALTH", "PRIVATE", "UNKNOWN"]) & (living["placing_code"] != living["host_authority_code"])
        told = living.assign(other=of_others & ~(living["age"] >= 18)).groupby("host_authority_code")["other"].sum()
        lived_in = self.returned.groupby("host_authority_code")["occupied_places"].sum()
        nobody = pd.Series(0, index=lived_in.index[(lived_in == 0) & (lived_in.index != "UNKNOWN")].difference(told.index), dtype="int64")
        by_providers = pd.concat([told, nobody]).rename("others_inside")

        alone = pd.DataFrame(index=pd.Index(self.commissioned_alone(), dtype=object))
        table = sides.join(by_providers, how="outer").join(alone, how="outer").join(others).rename_axis("authority_code").reset_index()
        table["covers"] = np.select([table["source"].notna(), table["authority_code"].isin(alone.index)], ["all", "commissioned"], "")
        table["blank_reason"] = table["source"].isna().map({True: "no_ssda903", False: ""})
        table["net_gain"] = table["others_inside"] - table["own_outside"]
        supply = self.host_authority_occupancy()
        supply = supply[supply["coverage_places"] != ""]
        millionths = supply["coverage_places"].map(lambda text: int(text.replace(".", ""))) * supply["places_registered"].astype(int)
        covered = supply.assign(covered=millionths).groupby("host_authority_code")[["covered", "places_registered"]].sum()
        shares = {code: half_up(int(part), int(whole) * 10**6, 6) for code, (part, whole) in zip(covered.index, covered.to_numpy(), strict=True)}
        table["coverage_places"] = table["authority_code"].map(shares).fillna("")
        table["source"] = table["source"].fillna("")
        counts = ["own_inside", "own_outside", "own_unknown", "others_inside", "net_gain", "others_inside_by_authorities"]
        return self._named(_whole_numbers(table, counts), "")

    def setting_vacancies(self) -> pd.DataFrame:
        notice = self.residents[self.residents["notice"]].groupby(SETTING).size().rename("under_notice")
        table = self.returned[self.returned["provision_type"] != OTHER_TYPE].join(notice, on=SETTING)
        owners = self.register.groupby("urn")[["provider_name", "grade"]].first()
        table = table.join(owners, on="urn").reset_index(drop=True)
        received = table["sender"].map(self.q.providers.received)
        registered = table["register_places"].fillna(table["registered_places"])
        table = pd.DataFrame(
            {
                "urn": table["urn"],
                "setting_name": table["setting_name"],
                "provider_name": table["provider_name"].fillna(""),
                "host_authority_code": table["host_authority_code"],
                "provision_type": table["provision_type"],
                "service_category": table["service_category"].where(table["service_category"] != "", table["sa_category"]),
                "min_age": table["min_age"],
                "max_age": table["max_age"],
                "gender_accepted": table["gender_accepted"],
                "needs_met": "",
                "registered": registered,
                "vacant": table["vacant_places"],
                "unavailable": table["unavailable_places"],
                "unavailable_reason": table["unavailable_reason"],
                "under_notice": table["under_notice"].fillna(0),
                "grade": table["grade"].fillna(""),
                "framework": table["framework"],
                "lot": table["lot"],
                "known_to_register": table["known"].map({True: "true", False: "false"}),
                "as_at": self.q.date.isoformat(),
                "received_at": received.map(lambda when: f"{when:%Y-%m-%d %H:%M:%S}+00:00"),
            }
        )
        return self._named(_whole_numbers(table, ["registered", "vacant", "unavailable", "under_notice"]), "host_")

    def whole(self) -> pd.DataFrame:
        """Occupied and vacant places of all settings in the register that have places there, returned or not.

        Beside them those of settings that the register does not know and that returned: the counted figures hold them.
        """
        settings, supply = self.q.settings, self.q.supply
        units = supply.units
        stands = settings.stands & ~units["kind"].isin([AGENCY, OWN]).to_numpy()
        chosen = np.flatnonzero(stands)
        table = pd.DataFrame(
            {
                "unit": chosen,
                "urn": supply.registrations["urn"].to_numpy()[units["registration"].to_numpy()[chosen]],
                "host_authority_code": self.q.codes[units["host"].to_numpy()[chosen]],
                "provision_type": PROVISION_TYPES[units["kind"].to_numpy()[chosen]],
                "occupied": settings.occupied[chosen],
                "vacant": settings.vacant[chosen],
            }
        )
        register = pd.MultiIndex.from_frame(self.register.loc[self.register["provision_type"] != OTHER_TYPE, SETTING])
        known = pd.MultiIndex.from_frame(table[SETTING]).isin(register)
        returned = table["unit"].isin(self.reported["unit"]).to_numpy()
        for name in ("occupied", "vacant"):
            table[f"{name}_not_registered"] = table[name].where(~known & returned, 0)
            table[name] = table[name].where(known, 0)
        columns = ["occupied", "vacant", "occupied_not_registered", "vacant_not_registered"]
        return table[known | returned].groupby(LIVING, as_index=False)[columns].sum()


def _urn_of(row: dict) -> str:
    """The setting's URN as a row of the placement census gives it: the agency's for fostering, else the establishment's, or the other one."""
    fostering = row["provision_type"] in (AGENCY_TYPE, PROVISION_TYPES[OWN])
    names = ("provider_urn", "establishment_urn") if fostering else ("establishment_urn", "provider_urn")
    return next((row[name] for name in names if row[name]), "")


def _whole_numbers(table: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Those columns as whole numbers, blank where unknown."""
    return table.astype(dict.fromkeys(names, "Int64"))


def _banded(rows: pd.DataFrame, keys: list[str], band: str, bands: list[str], count: str) -> pd.DataFrame:
    """Rows counted by band, and each band's share; the last band (unknown) has a row only where somebody is in it."""
    totals = rows.groupby(keys, as_index=False).size().rename(columns={"size": "total"})
    grid = totals.merge(pd.DataFrame({band: bands}), how="cross")
    counted = rows.groupby([*keys, band], as_index=False).size().rename(columns={"size": count})
    table = grid.merge(counted, on=[*keys, band], how="left")
    table[count] = table[count].fillna(0).astype(int)
    table = table[(table[band] != bands[-1]) | (table[count] > 0)].reset_index(drop=True)
    return table.assign(share=share(table[count], table["total"]))[[*keys, band, count, "share"]]
