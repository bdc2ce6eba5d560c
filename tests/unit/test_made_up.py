"""The made-up region: the same every time, true to the official margins and to the layouts, and its
truth hangs together.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from python_calamine import load_workbook

from assets.intake.reading import Sheet, read_sheets
from assets.intake.statutory_xml import read_statutory
from assets.intake.turning import turned
from made_up import MadeUpRegion, assumptions, make_region
from made_up.making import QuarterCount, quarter_ends
from made_up.returns import placement_census
from made_up.world.areas import ANCHOR, lay_out
from made_up.world.care import example_postcodes, months_before
from made_up.world.flows import Flows
from made_up.world.kinds import ADULT, KINDS, OTHER, OWN
from made_up.world.margins import base_margins, children_on
from made_up.world.supply import build_supply
from made_up.writing import LOADED
from resources.errors import ObservatoryError
from resources.landing import LandingPlace
from resources.postcodes import PostcodeDirectory
from schemas import authorities
from schemas.headers import header_forms
from schemas.returns import ReturnTable, header_key, return_tables

SMALL = {"scale": 0.02, "quarters": 3, "last": dt.date(2025, 12, 31)}
LIVING = ["census_date", "host_authority_code", "provision_type"]
MARGINS = Path(__file__).parents[2] / "schemas" / "reference" / "north_west_margins.csv"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> MadeUpRegion:
    return make_region(tmp_path_factory.mktemp("made up") / "region", **SMALL)


@pytest.fixture(scope="module")
def anchor(tmp_path_factory: pytest.TempPathFactory) -> MadeUpRegion:
    return make_region(
        tmp_path_factory.mktemp("anchor") / "region", quarters=1, last=ANCHOR, response=1.0
    )


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ([dt.date(2025, 12, 31)], "one quarter of the region North West, 2025-12-31: 9 files of"),
        (
            [dt.date(2025, 9, 30), dt.date(2025, 12, 31)],
            (
                "2 quarters of the region North West, 2025-09-30 to 2025-12-31; in the last one 9"
                " files of"
            ),
        ),
    ],
)
def test_what_was_made_is_said_of_one_quarter_and_of_many(ends, said):
    quarters = tuple(QuarterCount(end, 3, 9, 40, 12) for end in ends)
    assert str(MadeUpRegion("north_west", Path("x"), quarters)).startswith(said)


def truth(made: MadeUpRegion, table: str) -> pd.DataFrame:
    """One truth file; codes and dates as text, numbers as numbers, blanks missing."""
    texts = ["authority_code", "host_authority_code", "placing_authority_code", "urn", "sender"]
    return pd.read_csv(
        made.out / "truth" / f"{table}.csv",
        dtype=dict.fromkeys(texts, "str"),
        keep_default_na=False,
        na_values=[""],
    )


def files(folder: Path) -> dict[str, tuple[bytes, float]]:
    """Every file below the folder but the hidden list: its bytes, and when it was received (the
    truth has no such time).
    """
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    ]
    return {
        path.relative_to(folder).as_posix(): (
            path.read_bytes(),
            0.0 if path.parent.name == "truth" else path.stat().st_mtime,
        )
        for path in found
    }


# --- the same every time
# ----------------------------------------------------------------------------


def test_the_same_arguments_give_the_same_bytes_and_times(
    small: MadeUpRegion, tmp_path: Path
) -> None:
    again = make_region(tmp_path / "again", **SMALL)
    assert files(again.out) == files(small.out)
    assert again.quarters == small.quarters


def test_without_its_truth_the_returns_are_the_same(small: MadeUpRegion, tmp_path: Path) -> None:
    """What is left of the truth is when each file came, which a run must know."""
    bare = make_region(tmp_path / "bare", **SMALL, truth=False)
    returns = {
        name: content
        for name, content in files(small.out).items()
        if not name.startswith("truth/") or name == "truth/arrivals.csv"
    }
    assert files(bare.out) == returns and len(returns) < len(files(small.out))


def test_another_seed_gives_another_region(small: MadeUpRegion, tmp_path: Path) -> None:
    other = make_region(tmp_path / "other", **{**SMALL, "quarters": 1}, seed=2)
    assert (
        not truth(other, "setting_vacancies")["urn"]
        .isin(truth(small, "setting_vacancies")["urn"])
        .all()
    )


def test_an_earlier_made_up_region_is_taken_away_and_nothing_else(tmp_path: Path) -> None:
    tiny = {"scale": 0.01, "quarters": 1}
    first = make_region(tmp_path, **tiny, last=dt.date(2025, 6, 30))
    make_region(tmp_path, **tiny, last=dt.date(2025, 9, 30))
    assert first.out == tmp_path
    assert {path.name for path in tmp_path.iterdir()} == {"2025-09-30", "truth", ".made-up"}
    assert LandingPlace(str(tmp_path)).left_alone() == []


def test_what_was_not_made_up_stays_and_is_named(tmp_path: Path) -> None:
    tiny = {"scale": 0.01, "quarters": 1, "last": dt.date(2025, 9, 30)}
    made = files(make_region(tmp_path, **tiny).out)
    own = [
        "2025-06-30/356/my census.csv",
        "2025-09-30/provider-acorn/mine.csv",
        "truth/my notes.txt",
        "note.txt",
    ]
    for name in own:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("mine", encoding="utf-8")
    again = make_region(tmp_path, **tiny)
    assert sorted(again.others) == sorted(own)
    assert {name: content for name, content in files(tmp_path).items() if name not in own} == made
    assert all((tmp_path / name).read_text(encoding="utf-8") == "mine" for name in own)


def test_returns_without_a_list_are_never_touched(tmp_path: Path) -> None:
    tiny = {"scale": 0.01, "quarters": 1, "last": dt.date(2025, 9, 30)}
    real = tmp_path / "2025-03-31" / "356" / "census.csv"
    real.parent.mkdir(parents=True)
    real.write_text("real", encoding="utf-8")
    with pytest.raises(
        ObservatoryError,
        match=r"holds 2025-03-31/356/census.csv.*was expected.*another folder with --out",
    ):
        make_region(tmp_path, **tiny)
    assert list(files(tmp_path)) == ["2025-03-31/356/census.csv"]


def test_a_file_in_the_way_is_replaced_only_where_an_older_version_kept_no_list(
    tmp_path: Path,
) -> None:
    tiny = {"scale": 0.01, "quarters": 1, "last": dt.date(2025, 9, 30)}
    made = files(make_region(tmp_path, **tiny).out)
    mark, first = tmp_path / ".made-up", next(name for name in made if name.startswith("2025"))
    listed = mark.read_text(encoding="utf-8").splitlines()
    (tmp_path / "2025-06-30").mkdir()
    (tmp_path / "2025-06-30" / "old.csv").write_text("of an older region", encoding="utf-8")
    mark.write_text(
        "Every return in this folder was made up by `observatory synth`.\n", encoding="utf-8"
    )
    assert make_region(tmp_path, **tiny).others == ("2025-06-30/old.csv",)
    assert {
        name: content for name, content in files(tmp_path).items() if name != "2025-06-30/old.csv"
    } == made
    mark.write_text("\n".join([name for name in listed if name != first]), encoding="utf-8")
    with pytest.raises(ObservatoryError, match=r"is there and was not made up.*Move it"):
        make_region(tmp_path, **tiny)
    assert (tmp_path / first).read_bytes() == made[first][0]


@pytest.mark.parametrize(
    ("last", "quarters"),
    [(dt.date(2025, 12, 30), 1), (dt.date(2025, 11, 30), 1), (dt.date(2025, 12, 31), 0)],
)
def test_quarters_end_on_quarter_ends(last: dt.date, quarters: int) -> None:
    with pytest.raises(ValueError, match="last day of a quarter"):
        quarter_ends(last, quarters)


def test_quarter_ends_go_back() -> None:
    ends = quarter_ends(dt.date(2025, 3, 31), 4)
    assert ends == [
        dt.date(2024, 6, 30),
        dt.date(2024, 9, 30),
        dt.date(2024, 12, 31),
        dt.date(2025, 3, 31),
    ]


# --- where settings stand


def test_of_every_example_postcode_the_district_and_the_sector_are_the_directorys() -> None:
    """Of counties of two letters alone: reading the whole directory takes a while."""
    told = example_postcodes().fillna({"district_code": ""})
    told = told[told["postcode"].str[0].isin(["P", "W"])]
    directory = PostcodeDirectory()
    area = np.array([one.decode() for one in directory.look_up(told["postcode"]).area])
    districts = authorities.all_districts()
    wanted = [one if districts.get(one, ("", ""))[1] == code else ""
              for one, code in zip(area, told["authority_code"], strict=True)]  # fmt: skip
    assert told["district_code"].tolist() == wanted and sum(map(bool, wanted)) > 15
    middles = directory.sector_middles(told["postcode"])
    for name, middle in zip(("sector_easting", "sector_northing"), middles, strict=True):
        assert np.abs(told[name].to_numpy() - middle).max() <= 0.5


# --- the official margins
# ------------------------------------------------------------------------------


def test_the_region_meets_the_official_margins_in_march_2025(anchor: MadeUpRegion) -> None:
    margins = (
        pd.read_csv(MARGINS, dtype={"authority_code": "str"})
        .set_index("authority_code")
        .sort_index()
    )
    supply = truth(anchor, "host_authority_occupancy").set_index("host_authority_code")
    for kind, settings, places in (
        ("Children's home", "childrens_homes", "childrens_homes_places"),
        ("Supported accommodation", "supported_premises", "supported_places"),
    ):
        of_kind = supply[supply["provision_type"] == kind].reindex(margins.index)
        assert of_kind["settings_registered"].tolist() == margins[settings].tolist()
        assert of_kind["places_registered"].tolist() == margins[places].tolist()
    assert anchor.latest.children == margins["children_looked_after"].sum()


def test_children_looked_after_reproduce_the_margins_authority_by_authority(
    anchor: MadeUpRegion,
) -> None:
    margins = (
        pd.read_csv(MARGINS, dtype={"authority_code": "str"})
        .set_index("authority_code")
        .sort_index()
    )
    table = (
        truth(anchor, "children_looked_after")
        .set_index(["breakdown", "category", "authority_code"])["children"]
        .sort_index()
    )
    for breakdown, category, margin in (
        ("total", "Total", "children_looked_after"),
        ("placement type", "Foster placements", "in_foster_placements"),
        ("placement type", "Secure homes and children's homes", "in_secure_and_childrens_homes"),
        (
            "placement type",
            "Independent and semi-independent living arrangements/supported accommodation",
            "in_supported_accommodation",
        ),
    ):
        assert table.loc[breakdown, category].tolist() == margins[margin].tolist(), category
    placed = truth(anchor, "placement_distance")
    inside = placed[placed["locality"] == "inside"].groupby("authority_code")["placements"].sum()
    assert inside.sort_index().tolist() == margins["own_placed_inside"].tolist()


def test_children_and_their_flows_are_of_the_size_that_england_shows(anchor: MadeUpRegion) -> None:
    """England, March 2025: 21 per cent more than 20 miles from home; about a third of the children
    start, and cease, in a year.
    """
    table = truth(anchor, "children_looked_after")
    children = table.loc[table["breakdown"] == "total", "children"].sum()
    distance = (
        truth(anchor, "placement_distance").groupby("distance_band")["placements"].sum() / children
    )
    assert 0.12 < distance["more than 20 miles"] < 0.28
    assert 0 < distance["not known or not recorded"] < 0.05
    flows = truth(anchor, "care_flows")
    yearly = flows[flows["breakdown"] == "total"].groupby("direction")["children"].sum() / children
    assert yearly.between(0.25, 0.45).all()


def test_the_flows_meet_the_margins_of_children() -> None:
    areas = lay_out("north_west", [ANCHOR], seed=1)
    base = base_margins(areas, seed=1, scale=1.0)
    margins = children_on(base, ANCHOR, seed=1)
    room = build_supply(areas, base, ANCHOR, ANCHOR, seed=1, scale=1.0).room_on(
        ANCHOR.toordinal(), len(areas.hosts)
    )
    table = Flows(areas, seed=1).on(margins, room)
    children = np.delete(table, ADULT, axis=0).sum(axis=0)
    inside = np.diag(children[: areas.members, : areas.members])
    assert children[: areas.members].sum(axis=1).tolist() == margins["looked_after"].tolist()
    assert inside.tolist() == margins["inside"].tolist()
    others = children[:, : areas.members].sum(axis=0) - inside
    assert np.abs(others / margins["others_inside"] - 1).max() < 0.05
    with_places = [kind for kind in range(len(KINDS)) if room[kind].sum()]
    for kind in with_places:
        people = table[kind] + (
            table[ADULT] if KINDS[kind].provision_type == KINDS[ADULT].provision_type else 0
        )
        assert (people.sum(axis=0) <= room[kind])[: areas.english].all()
    assert table[[OWN, OTHER], areas.outside].sum() == 0


def test_about_the_share_of_places_is_occupied_that_the_strategies_tell(
    anchor: MadeUpRegion,
) -> None:
    supply = (
        truth(anchor, "host_authority_occupancy")
        .groupby("provision_type")[["occupied", "places_returned"]]
        .sum()
    )
    shares = supply["occupied"] / supply["places_returned"]
    assert shares.loc[["Children's home", "Supported accommodation"]].between(0.65, 0.80).all()


# --- the layouts
# ----------------------------------------------------------------------------------------


def rows_of(path: Path) -> list[list[list[str]]]:
    """The sheets of a file, as rows of text."""
    data = path.read_bytes()
    if path.suffix == ".jsonld":
        return [sheet.rows for sheet in read_sheets(data)]
    if path.suffix == ".xml":
        return [sheet.rows for sheet in read_statutory(data)]
    if path.suffix == ".xlsx":
        book = load_workbook(io.BytesIO(data))
        return [
            [[str(cell) for cell in row] for row in book.get_sheet_by_name(name).to_python()]
            for name in book.sheet_names
        ]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252")
    # as the door turns a sheet with an area a column
    sheet = Sheet("", list(csv.reader(io.StringIO(text))), is_text=True)
    return [[[str(cell) for cell in row] for row in turned(sheet).rows]]


def header_of(rows: list[list[str]]) -> tuple[ReturnTable, set[str], list[str]]:
    """The table that the rows' header is one of, the columns it has, and header cells of no column."""
    for row in rows[:5]:
        for table in return_tables().values():
            names = {}
            for cell in row:
                keys = [key for key in header_forms(cell) if key in table.header_keys]
                names[cell] = table.header_keys[keys[0]] if keys else None
            if table.is_recognised_by(name for name in names.values() if name):
                others = [cell for cell, name in names.items() if name is None]
                return table, {name for name in names.values() if name}, others
    raise AssertionError(f"no header among {rows[:5]}")


def test_every_header_is_that_of_a_layout(small: MadeUpRegion) -> None:
    seen = set()
    for path in small.out.glob("20*/*/*"):
        date = dt.date.fromisoformat(path.parts[-3])
        for rows in rows_of(path):
            table, columns, others = header_of(rows)
            expected = {column.name for column in table.columns if column.expected_on(date)}
            optional = {column.name for column in table.columns if column.optional}
            left = [
                cell
                for cell in others
                if not set(header_forms(cell))
                & {*table.known_and_left, *map(header_key, table.filters)}
            ]
            assert left == [] or table.ignore_other_columns, path
            if table.is_published:
                assert set(table.needed) <= columns, path
            else:
                assert expected <= columns <= expected | optional, path
            seen.add((table.name, path.suffix, date >= dt.date(2025, 12, 31)))
    supply = {
        "register_list_homes",
        "register_providers",
        "register_provider_levels",
        "register_premises",
        "ultimate_owners",
        "register_changes",
        "register_inspections",
        "provider_settings",
        "provider_placements",
    }
    care = {
        "ssda903_header",
        "ssda903_episodes",
        "ssda903_uasc",
        "ssda903_dolo",
        "cans_6_21",
        "cans_0_5",
    }
    care |= {"contracts_register", "fee_requests", "fostering_gains", "ssda903_oc3"}
    assert {name for name, _, _ in seen} == supply | care | {
        "placement_census",
        "in_house_fostering",
        "planned_homes",
        "placements_standard",
        "official_statistics",
        "lait_measures",
        "revenue_outturn",
        "fostering_statistics",
        "authority_inspections",
        "authority_inspection_history",
    }
    assert {suffix for name, suffix, _ in seen if name == "placements_standard"} == {
        ".csv",
        ".xlsx",
        ".jsonld",
    }
    assert {name for name, suffix, _ in seen if suffix == ".xml"} >= {
        "ssda903_header",
        "ssda903_episodes",
    }
    assert {
        ("placement_census", suffix, new) for suffix in (".csv", ".xlsx") for new in (False, True)
    } <= seen


def test_no_list_of_the_register_comes_for_the_third_quarter(small: MadeUpRegion) -> None:
    came = [
        sorted(path.name.split("_at_")[0] for path in (small.out / str(date)).glob("ofsted/*_at_*"))
        for date in small.census_dates
    ]
    lists = ["list_to_authorities", "premises", "provider_levels", "providers"]
    assert came == [lists, lists, []]
    carried = (
        truth(small, "host_authority_occupancy")
        .groupby("census_date")["register_carried"]
        .agg(["min", "max"])
    )
    assert carried["max"].tolist() == [False, False, True]


def test_files_come_within_forty_days(small: MadeUpRegion) -> None:
    for path in small.out.glob("20*/*/*"):
        date = dt.date.fromisoformat(path.parts[-3])
        received = dt.datetime.fromtimestamp(path.stat().st_mtime, tz=dt.UTC).date()
        assert 5 <= (received - date).days <= 40


# --- the truth
# ------------------------------------------------------------------------------------------


def test_occupied_vacant_and_unavailable_make_the_returned_places(small: MadeUpRegion) -> None:
    table = truth(small, "host_authority_occupancy")
    parts = table[["occupied", "vacant", "unavailable"]].sum(axis=1)
    assert (parts == table["places_returned"]).all()
    assert table["occupied"].notna().eq(table["settings_returned"] > 0).all()
    assert np.allclose((table["occupancy_rate"] + table["unoccupied_rate"]).dropna(), 1, atol=2e-6)
    heard = table["places_returned"] > 0
    assert np.allclose(
        table.loc[heard, "occupancy_rate"],
        (table["occupied"] / table["places_returned"])[heard],
        atol=1e-6,
    )


def test_tables_of_the_same_settings_agree(small: MadeUpRegion) -> None:
    supply = truth(small, "host_authority_occupancy").set_index(LIVING).sort_index()
    reasons = truth(small, "unavailable_places").groupby(LIVING)["places"].sum()
    homes = truth(small, "homes").groupby(LIVING)["settings"].sum()
    vacancies = truth(small, "setting_vacancies").groupby(LIVING)[["vacant", "unavailable"]].sum()
    assert reasons.equals(
        supply["unavailable"][supply["unavailable"] > 0].astype("int64").rename("places")
    )
    assert homes.equals(
        supply["settings_registered"][supply["settings_registered"] > 0].rename("settings")
    )
    returned = supply[supply["settings_returned"] > 0]
    assert vacancies["vacant"].tolist() == returned["vacant"].tolist()
    assert vacancies["unavailable"].tolist() == returned["unavailable"].tolist()


def test_those_who_live_in_an_area_are_counted_once(small: MadeUpRegion) -> None:
    bands = (
        truth(small, "host_authority_origin")
        .groupby(LIVING)
        .agg(children=("children", "sum"), share=("share", "sum"))
    )
    use = (
        truth(small, "host_use_of_own_supply")
        .dropna(subset=["children_living_here"])
        .set_index(LIVING)
    )
    assert bands["children"].tolist() == use["children_living_here"].tolist()
    assert np.allclose(bands["share"], 1, atol=5e-6)
    ages = (
        truth(small, "host_authority_occupancy")
        .set_index(LIVING)[["occupied_under_18", "occupied_18_plus"]]
        .sum(axis=1)
    )
    assert (ages.reindex(bands.index) <= bands["children"]).all()


def test_an_authoritys_own_placements_are_counted_once(small: MadeUpRegion) -> None:
    located = truth(small, "own_placements_location").query("blank_reason != 'no_ssda903'")
    keys = ["census_date", "placing_authority_code", "provision_type"]
    totals = located.groupby(keys)[["placements", "share"]].sum()
    assert set(located["source"]) == {"census", "ssda903"}
    use = truth(small, "host_use_of_own_supply").dropna(subset=["own_placements"]).set_index(LIVING)
    use = use[
        use["own_placements"] > 0
    ]  # who returned and has none of a type has a 0 here, and no place
    assert totals["placements"].tolist() == use["own_placements"].tolist()
    assert np.allclose(totals["share"], 1, atol=5e-6)
    flow = truth(small, "placement_flow").groupby(keys)["children_by_authorities"].sum()
    assert flow.reindex(totals.index).tolist() == totals["placements"].tolist()
    bought = truth(small, "commissioned_placements")
    after = bought[bought["population"] == "post 18"]
    assert set(after["census_date"]) == {"2025-12-31"}
    assert set(bought["population"]) == {"looked after", "post 18"}


def test_breakdowns_of_children_looked_after_add_up(small: MadeUpRegion) -> None:
    table = truth(small, "children_looked_after")
    sums = (
        table.groupby(["census_date", "authority_code", "breakdown"])["children"]
        .sum()
        .unstack("breakdown")
    )
    assert sums.eq(sums["total"], axis=0).all(axis=None)
    placed = (
        truth(small, "placement_distance")
        .groupby(["census_date", "authority_code"])["placements"]
        .sum()
    )
    assert placed.tolist() == sums["total"].tolist()


def test_net_gain_is_others_inside_less_own_outside(small: MadeUpRegion) -> None:
    table = truth(small, "net_position")
    both = table.dropna(subset=["own_outside", "others_inside"])
    assert len(both) > 20
    assert (both["net_gain"] == both["others_inside"] - both["own_outside"]).all()
    by_903 = table[table["source"] == "ssda903"].set_index(["census_date", "authority_code"])
    children = (
        truth(small, "children_looked_after")
        .query("breakdown == 'total'")
        .set_index(["census_date", "authority_code"])["children"]
    )
    assert len(by_903) > 0
    assert (
        by_903[["own_inside", "own_outside", "own_unknown"]].sum(axis=1).tolist()
        == children.reindex(by_903.index).tolist()
    )
    alone = table[table["covers"] == "commissioned"]
    assert len(alone) > 0
    assert alone[["own_inside", "own_outside", "own_unknown", "net_gain"]].isna().all(axis=None)


OWN_FIGURES = [
    "own_placements_location",
    "net_position",
    "placement_flow",
    "host_use_of_own_supply",
    "two_sided_truth",
]


def test_a_change_of_the_censuss_layout_moves_no_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same people of one date, reported in the layout of December 2025 and in the one before
    it: their figures are the same.
    """
    monkeypatch.setattr(
        placement_census, "_with_slips", lambda rows, senders, rng: rows.assign(fate=LOADED)
    )
    found = []
    for name, since in (("new", dt.date(2025, 12, 31)), ("old", dt.date(2026, 3, 31))):
        monkeypatch.setattr(placement_census, "NEW_LAYOUT", since)
        made = make_region(
            tmp_path / name,
            quarters=1,
            last=dt.date(2025, 12, 31),
            seed=8,
            scale=0.05,
            response=1.0,
        )
        found.append({table: truth(made, table) for table in OWN_FIGURES})
    new, old = found
    for table in OWN_FIGURES:
        pd.testing.assert_frame_equal(new[table], old[table], obj=table)
    census = placement_census.CENSUS
    rows = truth(made, "return_quality").set_index("table_name")["rows_loaded"]
    children = new["net_position"][["own_inside", "own_outside", "own_unknown"]].sum().sum()
    assert 0 < rows[census].sum() < 0.6 * children, "own carers and parents are not in it"


def test_the_books_balance_and_something_is_rejected_and_set_aside(small: MadeUpRegion) -> None:
    books = truth(small, "return_quality")
    assert (
        books["rows_received"]
        == books[["rows_loaded", "rows_rejected", "rows_set_aside"]].sum(axis=1)
    ).all()
    assert books["rows_rejected"].sum() > 0
    assert books["rows_set_aside"].sum() > 0
    several = books["table_name"] == "official_statistics"  # each of its files is a version
    assert set(books.loc[~several, "version"]) == {1, 2}
    assert set(books.loc[several, "version"]) == {4}
    assert books["days_late"].max() > 0
    assert not books.duplicated(["census_date", "sender", "table_name"]).any()


def test_the_whole_is_no_less_than_what_returned(small: MadeUpRegion) -> None:
    whole = truth(small, "whole").set_index(LIVING)
    counted = (
        truth(small, "host_authority_occupancy")
        .set_index(LIVING)["occupied"]
        .reindex(whole.index)
        .fillna(0)
    )
    assert (whole["occupied"] + whole["occupied_not_registered"] >= counted).all()


# --- other regions and responses
# ----------------------------------------------------------------------------


def test_the_west_midlands_work(tmp_path: Path) -> None:
    made = make_region(tmp_path / "region", region="west_midlands", quarters=2, scale=0.02)
    assert made.latest.children > 0
    placing = truth(made, "own_placements_location")["placing_authority_code"]
    assert (
        {"330", "860"} <= set(placing) <= set(lay_out("west_midlands", [ANCHOR], 1).region.members)
    )


def test_cumbria_stands_for_its_two_followers_before_2023(tmp_path: Path) -> None:
    made = make_region(
        tmp_path / "region", quarters=2, last=dt.date(2023, 6, 30), scale=0.01, response=1.0
    )
    by_date = (
        truth(made, "own_placements_location")
        .groupby("census_date")["placing_authority_code"]
        .agg(set)
    )
    assert "909" in by_date["2023-03-31"]
    assert not {"942", "943"} & by_date["2023-03-31"]
    assert {"942", "943"} <= by_date["2023-06-30"]
    assert "909" not in by_date["2023-06-30"]


def test_everybody_answers_at_full_response(tmp_path: Path) -> None:
    made = make_region(tmp_path / "region", quarters=1, scale=0.02, response=1.0)
    table = truth(made, "host_authority_occupancy")
    assert table["coverage_settings"].dropna().eq(1).all()
    whole, counted = truth(made, "whole").set_index(LIVING), table.set_index(LIVING)["occupied"]
    assert (whole["occupied"] + whole["occupied_not_registered"]).tolist() == counted.reindex(
        whole.index
    ).tolist()


@pytest.mark.parametrize(
    ("date", "months", "before"),
    [
        ("2025-09-30", 30, "2023-03-31"), ("2025-06-30", 30, "2022-12-31"), ("2025-03-31", 30, "2022-09-30"), ("2025-12-31", 30, "2023-06-30"),
        ("2025-06-30", 12, "2024-06-30"), ("2025-09-30", 24, "2023-09-30"), ("2024-02-29", 12, "2023-02-28"), ("2025-03-30", 1, "2025-02-28"),
        ("2025-05-15", 30, "2022-11-15"),
    ],
)  # fmt: skip
def test_months_before_a_quarter_end_are_counted_from_quarter_end_to_quarter_end(
    date, months, before
):
    assert (
        dt.date.fromordinal(months_before(dt.date.fromisoformat(date), months)).isoformat()
        == before
    )


# --- what is assumed
# ------------------------------------------------------------------------------------------


def test_everything_assumed_names_its_source_and_shares_add_up():
    everything = tomllib.loads(assumptions.FILE.read_text(encoding="utf-8"))
    assert len(everything) > 5
    for about in everything:
        assert assumptions.assumed(about)
    dealt = [
        everything["supply"]["home_sizes"],
        everything["supply"]["premises_sizes"],
        everything["care"]["earlier_placements"],
    ]
    dealt += [
        shares
        for about in ("occupancy", "routes")
        for shares in everything[about].values()
        if isinstance(shares, dict)
    ]
    assert [round(sum(shares.values()), 9) for shares in dealt] == [1.0] * len(dealt) and len(
        dealt
    ) == 8


def test_what_names_no_source_is_refused(monkeypatch):
    monkeypatch.setattr(assumptions, "_all", lambda: {"homes": {"places": 4}})
    with pytest.raises(ValueError, match="'homes' names no source"):
        assumptions.assumed("homes")
