"""Returns for tests, written in a line: only what a test is about is named, the rest is plausible."""

from __future__ import annotations

import pandas as pd

from schemas.returns import return_tables


def frame(
    table: str, rows: list[dict[str, object]], defaults: dict[str, object] | None = None
) -> pd.DataFrame:
    """Rows as a frame with the first header of each column of the layout; columns that no row has
    are left out.
    """
    layout = return_tables()[table]
    data = pd.DataFrame([{**(defaults or {}), **row} for row in rows])
    return data.rename(columns={c.name: c.headers[0] for c in layout.columns})


def register(rows: list[dict[str, object]]) -> pd.DataFrame:
    """Providers and places."""
    return frame(
        "register_providers",
        rows,
        {
            "provision_type": "Children's home",
            "registration_status": "Active",
            "sector": "Private",
            "places": 3,
            "provider_name": "Acorn Care Ltd",
        },
    )


def premises(rows: list[dict[str, object]]) -> pd.DataFrame:
    """Supported accommodation premises."""
    return frame(
        "register_premises",
        rows,
        {
            "registration_status": "Active",
            "sa_category": "Category 2",
            "places": 3,
            "sector": "Private",
            "provider_name": "Acorn Care Ltd",
        },
    )


def settings(rows: list[dict[str, object]]) -> pd.DataFrame:
    """The provider census's settings."""
    defaults = {
        "setting_name": "A home", "provision_type": "Children's home", "host_local_authority": "Stockport",
        "registered_places": 3, "occupied_places": 2, "vacant_places": 1, "unavailable_places": 0, "unavailable_reason": "",
    }  # fmt: skip
    return frame("provider_settings", rows, defaults)


def placements(rows: list[dict[str, object]]) -> pd.DataFrame:
    """The provider census's placements."""
    return frame("provider_placements", rows, {"placing_local_authority": "Stockport", "age": 14})


def census(rows: list[dict[str, object]], authority: str = "Stockport") -> pd.DataFrame:
    """The regional placement census in the layout of 2022-03."""
    defaults = {
        "looked_after_child": "Yes", "placing_authority": authority, "age": 14, "gender": "Male",
        "type_of_provision": "Residential - External (Commissioned)", "host_authority": authority,
    }  # fmt: skip
    rows = [{"identifier": f"C{number:05d}", **row} for number, row in enumerate(rows)]
    return frame("placement_census", rows, defaults)


def children(rows: list[dict[str, object]]) -> pd.DataFrame:
    """The SSDA903's header."""
    return frame(
        "ssda903_header", rows, {"sex": "1", "date_of_birth": "05/06/2012", "ethnic": "WBRI"}
    )


def episodes(rows: list[dict[str, object]]) -> pd.DataFrame:
    """The SSDA903's episodes: open, in a children's home in Manchester, the child's home in
    Stockport.
    """
    defaults = {
        "decom": "01/05/2024", "reason_new_episode": "S", "legal_status": "C2", "category_of_need": "N1", "place": "K2", "place_provider": "PR4",
        "dec": "", "reason_episode_ceased": "", "home_postcode": "SK1 3XE", "placement_postcode": "M2 5DB",
    }  # fmt: skip
    return frame("ssda903_episodes", rows, defaults)


def unaccompanied(rows: list[dict[str, object]]) -> pd.DataFrame:
    """The SSDA903's unaccompanied asylum-seeking children."""
    return frame("ssda903_uasc", rows, {"sex": "1", "duc": ""})


def official_numbers(year: int, looked_after: dict[str, str], england: str = "81770") -> bytes:
    """DfE's file of children looked after on 31 March of a year, by authority code; the region's
    figure is 14620.

    A number is printed with its rate per 10,000 of 10,000 people, a symbol as it is.
    """
    place = "England,{region},North West"
    lines = [
        "time_period,time_identifier,geographic_level,country_code,country_name,region_code,region_name,old_la_code,la_name,"
        "new_la_code,population_type,population_estimate,children_count,rate_per_10000"
    ]
    words = "Children looked after on 31 March each year"
    start = f"{year},Reporting year"
    lines.append(f"{start},National,E92000001,England,,,,,,{words},11900000,{england},70")
    lines.append(
        f"{start},Regional,E92000001,{place.format(region='E12000002')},,,,{words},1530000,14620,96"
    )
    for code, count in looked_after.items():
        rate = count if count.isdigit() else "c"
        lines.append(
            f"{start},Local authority,E92000001,{place.format(region='E12000002')},{code},Name"
            f" {code},E{code},{words},10000,{count},{rate}"
        )
    return ("\n".join(lines) + "\n").encode()
