"""Sections from figures given by hand: what is said and drawn of shown, hidden, missing and absent
figures.
"""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from assets.page import demand, sections, supply
from assets.page.figures import Area, Edition, Table
from assets.page.headline import answers, headline, lede
from assets.page.shapes import page_of
from assets.publication.programme import published_table
from assets.publication.tables import GEOGRAPHY
from schemas.authorities import statistical_neighbours_of
from schemas.regions import load_region

DATE = dt.date(2025, 12, 31)
STOCKPORT, MANCHESTER, WIGAN = (
    Area("356", "Stockport", "E08000007"),
    Area("352", "Manchester", "E08000003"),
    Area("359", "Wigan", "E08000010"),
)
HOMES = "Children's home"


def table(name: str, filters: dict[str, dict], measures: dict[str, str], rows: list[str]) -> Table:
    """A published table: measures with their rule, and rows of `area | filter values | figures`, a
    blank area for the region.
    """
    entry = {
        "title": f"The {name}",
        "authority": "authority_code",
        "filters": filters,
        "measures": [
            {"name": n, "rule": "exact", "label": n}
            | (
                {"rule": "mean", "of": [n], "placements": n, "owner_groups": n, "largest_share": n}
                if r == "£"
                else {}
            )
            for n, r in measures.items()
        ],
    }
    about = published_table(name, entry)
    names = {a.code: (a.name, a.gss) for a in (STOCKPORT, MANCHESTER, WIGAN)}
    cells = [[cell.strip() for cell in row.split("|")] for row in rows]
    frame = pd.DataFrame(cells, columns=["old_la_code", *filters, *measures])
    for column in GEOGRAPHY:
        if column not in frame:
            frame[column] = ""
    frame["la_name"] = frame["old_la_code"].map(lambda code: names.get(code, ("", ""))[0])
    return Table(about, frame)


def edition(*tables: Table, earlier: tuple[Edition, ...] = (), date: dt.date = DATE) -> Edition:
    return Edition(
        date, 1, load_region("north_west"), {t.name: t for t in tables}, {"gate": {}}, earlier
    )


KIND = {"provision_type": {"label": "Type of provision"}}
PLACES = (
    "settings_registered",
    "places_registered",
    "settings_returned",
    "places_returned",
    "occupied",
    "vacant",
    "unavailable",
    "occupancy_rate",
    "vacancy_rate",
    "unoccupied_rate",
    "coverage_settings",
    "coverage_places",
)


def occupancy(*rows: str) -> Table:
    return table("host_authority_occupancy", KIND, dict.fromkeys(PLACES, "exact"), list(rows))


FULL = f"356 | {HOMES} | 40 | 160 | 36 | 140 | 105 | 15 | 20 | 75.0 | 10.7 | 25.0 | 90.0 | 87.5"


def said(found: list[str]) -> str:
    return " ".join(found)


# --- headline and answers
# --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "heading"),
    [
        (FULL, "About a quarter of the places in Stockport’s children’s homes stand empty"),
        (
            f"356 | {HOMES} | 40 | 160 | 36 | 140 | 140 | 0 | 0 | 100.0 | 0.0 | 0.0 | 90.0 | 87.5",
            "Every place counted in Stockport’s children’s homes is lived in",
        ),
        (
            f"356 | {HOMES} | 2 | 6 | 2 | c | c | c | c | c | c | c | 100.0 | 100.0",
            "2 children’s homes stand in Stockport",
        ),
        (
            f"356 | {HOMES} | 1 | 3 | 1 | c | c | c | c | c | c | c | 100.0 | 100.0",
            "1 children’s home stands in Stockport",
        ),
        (
            f"356 | {HOMES} | 0 | z | 0 | z | z | z | z | z | z | z | z | z",
            "No children’s homes stand in Stockport",
        ),
        (
            f"356 | {HOMES} | x | x | x | x | x | x | x | x | x | x | x | x",
            "Homes for children in care in Stockport",
        ),
    ],
    ids=["shown", "full", "hidden", "one hidden", "none", "not known"],
)
def test_the_heading_says_what_the_figures_let_it_say(row, heading):
    assert headline(edition(occupancy(row)), STOCKPORT) == heading


def test_the_lede_of_an_area_with_one_home_that_did_not_return():
    given = edition(occupancy(f"356 | {HOMES} | 1 | 4 | 0 | x | x | x | x | x | x | x | 0.0 | 0.0"))
    assert lede(given, STOCKPORT) == [
        "1 children’s home with 4 places stands in Stockport.",
        "It sent no return.",
        "How many places are lived in is not known: no return was received.",
    ]


def test_the_lede_leaves_out_what_is_hidden_and_says_so():
    given = edition(
        occupancy(f"356 | {HOMES} | 9 | 30 | 9 | 30 | 25 | c | 0 | 83.3 | c | 16.7 | 100.0 | 100.0")
    )
    assert (
        said(lede(given, STOCKPORT))
        == "9 children’s homes with 30 places stand in Stockport. All of them sent a return. Of the"
        " places counted, 25 are lived in and none are empty but cannot be offered. The number"
        " that is free is not shown, so that nobody can be found in the figures."
    )


def test_the_four_answers():
    origin = table(
        "host_authority_origin",
        KIND
        | {
            "origin_band": {
                "label": "From",
                "labels": {"host": "Its own", "elsewhere": "Elsewhere"},
            }
        },
        {"children": "exact", "share": "exact"},
        [
            f"356 | {HOMES} | Total | 105 | z",
            f"356 | {HOMES} | Its own | 25 | 23.8",
            f"356 | {HOMES} | Elsewhere | 40 | 38.1",
        ],
    )
    reasons = table(
        "unavailable_places",
        KIND | {"reason": {"label": "Why"}},
        {"places": "exact", "share": "exact"},
        [
            f"356 | {HOMES} | Total | 20 | 100.0",
            f"356 | {HOMES} | Staffing | 15 | 75.0",
            f"356 | {HOMES} | Not given | 50 | 10.0",
        ],
    )
    cost = table(
        "weekly_cost",
        KIND | {"basis": {"label": "Basis"}},
        {"placements": "exact", "mean_weekly_cost": "£", "upper_decile_weekly_cost": "£"},
        [
            f"356 | {HOMES} | All open | 60 | 5900 | 9100",
            f"356 | {HOMES} | Started in the year | 20 | 6100 | 9900",
        ],
    )
    found = answers(edition(occupancy(FULL), origin, reasons, cost), STOCKPORT)
    assert [(a.figure, a.words) for a in found] == [
        (
            "24%",
            (
                "of the children living here were placed by Stockport itself. 38% come from beyond"
                " the region and its neighbours."
            ),
        ),
        (
            "25%",
            (
                "of the places counted have nobody living in them. 20 of them cannot be offered;"
                " the reason given most often is staffing."
            ),
        ),
        ("15", "places could take a child now, 11% of those counted."),
        (
            "£5,900",
            (
                "a week is what Stockport pays on average for a child in children’s homes. The"
                " dearest tenth cost £9,100 or more."
            ),
        ),
    ]


def test_an_answer_that_is_hidden_says_why():
    found = answers(
        edition(
            occupancy(f"356 | {HOMES} | 2 | 6 | 2 | c | c | c | c | c | c | c | 100.0 | 100.0")
        ),
        STOCKPORT,
    )
    assert [a.figure for a in found] == ["[c]", "[c]"]
    assert all("is not shown" in a.words for a in found)


# --- supply
# ----------------------------------------------------------------------------------------------


def test_an_area_beside_the_region():
    given = edition(
        occupancy(
            FULL,
            f" | {HOMES} | 400 | 1600 | 360 | 1400 | 900 | 250 | 250 | 64.3 | 17.9 | 35.7 | 90.0 |"
            " 87.5",
        )
    )
    assert supply.places_here(given, STOCKPORT).words == [
        (
            "25% of Stockport’s places in children’s homes have nobody living in them, fewer than"
            " in the North West as a whole (36%)."
        ),
    ]


def test_authorities_are_ranked_by_what_is_empty_and_those_that_are_hidden_come_last():
    wigan = f"359 | {HOMES} | 9 | 30 | 9 | c | c | c | c | c | c | c | 100.0 | 100.0"
    manchester = (
        f"352 | {HOMES} | 40 | 160 | 36 | 150 | 90 | 30 | 30 | 60.0 | 20.0 | 40.0 | 90.0 | 87.5"
    )
    found = supply.by_authority(edition(occupancy(wigan, FULL, manchester)))
    assert [(row.cell.name, row.cell.link) for row in found.bars[0].rows] == [
        ("Manchester", "authority-352.html"),
        ("Stockport", "authority-356.html"),
        ("Wigan", "authority-359.html"),
    ]
    assert found.words == []  # two are too few to compare, and Wigan may have most places
    assert found.bars[0].rows[2].parts == []


def test_reasons_that_are_all_hidden_are_no_table_of_symbols():
    given = table(
        "unavailable_places",
        KIND | {"reason": {"label": "Why"}},
        {"places": "exact", "share": "exact"},
        [
            f"356 | {HOMES} | Total | 20 | 100.0",
            f"356 | {HOMES} | Staffing | c | c",
            f"356 | {HOMES} | Other | c | c",
        ],
    )
    found = supply.unavailable(edition(given), STOCKPORT)
    assert (
        found.words[-1]
        == "Why is not shown: the numbers are small, or would give away one that is."
    )
    assert found.bars == []
    none = table(
        "unavailable_places",
        KIND | {"reason": {"label": "Why"}},
        {"places": "exact", "share": "exact"},
        [f"356 | {HOMES} | Total | 0 | z"],
    )
    assert supply.unavailable(edition(none), STOCKPORT) is None


def test_fees_show_what_is_published_and_leave_out_what_is_not():
    money = {"placements": "exact"} | {
        f"{n}_weekly_cost": "£" for n in ("mean", "lower_decile", "upper_decile")
    }
    given = table(
        "weekly_cost",
        KIND | {"basis": {"label": "Basis"}},
        money,
        [
            f" | {HOMES} | All open | 60 | 5900 | 3200 | 9100",
            " | Independent fostering | All open | 25 | 1010 | c | c",
            " | Other | All open | x | x | x | x",
        ],
    )
    found = supply.fees(edition(given), Area("", "North West"))
    assert found.words[:2] == [
        "Placements in children’s homes cost £5,900 a week on average.",
        "The cheapest tenth cost £3,200 or less, the dearest tenth £9,100 or more.",
    ]
    assert [(cell.name, [str(f) for f in figures]) for cell, figures in found.data[0].rows] == [
        (HOMES, ["60", "£5,900", "£3,200", "£9,100"]),
        ("Independent fostering", ["25", "£1,010", "[c]", "[c]"]),
    ]
    assert "£5,900" in found.charts[0].small and "Independent fostering" in found.charts[0].large
    assert supply.fees(edition(given), STOCKPORT) is None


def test_the_market():
    given = table(
        "market_concentration",
        KIND,
        dict.fromkeys(
            ("places", "owner_groups", "share_largest_1", "share_largest_3", "share_largest_10"),
            "exact",
        ),
        [f" | {HOMES} | 900 | 240 | 6.1 | 14.2 | 31.0", f"356 | {HOMES} | 40 | 12 | x | x | x"],
    )
    found = supply.market(edition(given), Area("", "North West"))
    assert found.words == [
        (
            "The ten largest of 240 owner groups hold 31% of the places in the North West’s"
            " children’s homes."
        ),
        supply.TOLD_APART,
    ]
    assert "a floor" in supply.TOLD_APART
    assert [(p.colour, p.width) for p in found.bars[0].rows[0].parts] == [("occupied", 31)]
    assert supply.market(edition(given), STOCKPORT) is None


# --- of few, no superlative and no share
# -----------------------------------------------------------------


def test_of_what_does_not_apply_nothing_is_asked():
    none = f"356 | {HOMES} | 0 | z | 0 | z | z | z | z | z | z | z | z | z"
    origin = origin_of("z", "z", "z", "z", "z")
    cost = table(
        "weekly_cost",
        KIND | {"basis": {"label": "Basis"}},
        {"mean_weekly_cost": "£"},
        [f"356 | {HOMES} | All open | z"],
    )
    assert answers(edition(occupancy(none), origin, cost), STOCKPORT) == []


def test_where_nobody_lives_that_is_said():
    found = answers(edition(occupancy(FULL), origin_of("0", "0", "z", "0", "z")), STOCKPORT)[0]
    assert (found.figure, found.words) == ("Nobody", "lives in the places counted.")


def test_of_few_places_nothing_is_largest():
    given = table(
        "market_concentration", KIND, dict.fromkeys(("places", "owner_groups", "share_largest_1", "share_largest_3"), "exact"),
        [f"356 | {HOMES} | 6 | 2 | 66.7 | 100.0"],
    )  # fmt: skip
    assert supply._owners(given, STOCKPORT, HOMES) == []


def test_of_few_placements_nothing_is_dearest():
    money = {"placements": "exact"} | {
        f"{n}_weekly_cost": "£" for n in ("mean", "lower_decile", "upper_decile")
    }
    given = table(
        "weekly_cost",
        KIND | {"basis": {"label": "Basis"}},
        money,
        [f"356 | {HOMES} | All open | 10 | 5900 | 3200 | 9100"],
    )
    assert not any("tenth" in words for words in supply.fees(edition(given), STOCKPORT).words)
    assert not any("tenth" in answer.words for answer in answers(edition(given), STOCKPORT))


def test_of_few_places_no_reason_is_given_most_often():
    reasons = table(
        "unavailable_places", KIND | {"reason": {"label": "Why"}}, {"places": "exact", "share": "exact"},
        [f"356 | {HOMES} | Total | 15 | z", f"356 | {HOMES} | Staffing | 15 | 100.0"],
    )  # fmt: skip
    assert supply.unavailable(edition(reasons), STOCKPORT).words == [
        "15 places stand empty in Stockport’s children’s homes and cannot be offered."
    ]


@pytest.mark.parametrize(
    ("registered", "returned", "share", "said"),
    [
        ("0", "0", "z", "No children’s homes are registered in Stockport."),
        ("1", "1", "100.0", "The one children’s home registered in Stockport sent a return."),
        ("1", "0", "0.0", "The one children’s home registered in Stockport sent no return."),
        ("2", "2", "100.0", "Both children’s homes registered in Stockport sent a return."),
        ("3", "0", "0.0", "None of the 3 children’s homes registered in Stockport sent a return."),
        ("3", "1", "33.3", "1 of the 3 children’s homes registered in Stockport sent a return."),
        ("9", "9", "100.0", "All 9 children’s homes registered in Stockport sent a return."),
        (
            "60",
            "45",
            "75.0",
            "45 of the 60 children’s homes registered in Stockport (75%) sent a return.",
        ),
    ],
)
def test_how_many_sent_a_return_is_said_in_counts(registered, returned, share, said):
    given = edition(
        occupancy(
            f"356 | {HOMES} | {registered} | 4 | {returned} | x | x | x | x | x | x | x | {share} |"
            f" {share}"
        )
    )
    assert sections._sent(given.table("host_authority_occupancy"), STOCKPORT, HOMES) == said


def test_statistical_neighbours_are_named_from_three_on():
    alike = [
        code
        for code in statistical_neighbours_of(WIGAN.code)
        if code in load_region("north_west").members
    ]
    assert len(alike) >= 3
    for count in range(len(alike) + 1):
        rows = [
            rate(code, "100", "75", "25.0")
            for code in dict.fromkeys([WIGAN.code, *alike[:count], "350"])
        ]
        held = count + ("350" in alike[count:])
        words = sections.neighbours(edition(occupancy(*rows)), WIGAN).words
        assert ("statistical" in words[0]) == (held >= 3), count


def test_foster_carers():
    names = ("households", "approved_places", "filled_share", "vacant_share", "not_available_share")
    given = table(
        "fostering_capacity",
        KIND,
        dict.fromkeys(names, "exact"),
        ["356 | In-house fostering | 120 | 235 | 76.6 | 14.9 | 8.5"],
    )
    row = supply.fostering(edition(given), STOCKPORT).bars[0].rows[0]
    assert [(p.colour, p.width) for p in row.parts] == [
        ("occupied", 76.6),
        ("vacant", 14.9),
        ("unavailable", 8.5),
    ]


def reasons(*rows: str) -> Table:
    """Why places of Stockport's children's homes cannot be offered: `reason | places`."""
    cells = [f"356 | {HOMES} | {row} | z" for row in rows]
    return table(
        "unavailable_places",
        KIND | {"reason": {"label": "Why"}},
        {"places": "exact", "share": "exact"},
        cells,
    )


@pytest.mark.parametrize(
    ("rows", "said_of_it"),
    [
        (("Total | 135", "Staffing | c", "Matching | 30", "Refurbishment | 10", "Other | c"),
         "The numbers for staffing and other are not shown, so which reason is given most often cannot be told."),
        (("Total | 135", "Staffing | 65", "Matching | 30", "Refurbishment | 10", "Other | c"),
         "The reason given most often is staffing: 65 places."),
        (("Total | x", "Staffing | c", "Matching | 30"), "The number for staffing is not shown, so which reason is given most often cannot be told."),
        (("Total | 80", "Staffing | 40", "Matching | 40"), "80 places stand empty in Stockport’s children’s homes and cannot be offered."),
        (("Total | 150", "Staffing | c", "Matching | 50", "Not given | 90"), "The reason given most often is matching: 50 places."),
    ],
    ids=["one that is not shown is larger", "the hidden one cannot be larger", "no total", "a tie", "places without a reason are not another's"],
)  # fmt: skip
def test_no_reason_is_given_most_often_where_one_that_is_not_shown_may_be(rows, said_of_it):
    given = edition(occupancy(FULL), reasons(*rows))
    section = supply.unavailable(given, STOCKPORT)
    if "x" not in rows[0]:
        assert section.words[-1] == said_of_it
    is_said = "given most often is" in said_of_it
    assert ("the reason given most often is" in answers(given, STOCKPORT)[0].words) == is_said


def rate(code: str, counted: str, occupied: str, empty: str) -> str:
    return (
        f"{code} | {HOMES} | 9 | {counted} | 9 | {counted} | {occupied} | c | c | x | x | {empty} |"
        " 100.0 | 100.0"
    )


def test_extremes_are_said_of_authorities_with_enough_places_alone():
    """Knowsley truly had 3 of 12 places empty, and printed 10 of 10: 0 %."""
    here = f" | {HOMES} | 99 | 460 | 99 | 460 | 300 | 80 | 80 | 65.2 | 17.4 | 34.8 | 100.0 | 100.0"
    found = supply.by_authority(edition(occupancy(here, rate("356", "100", "75", "25.0"), rate("352", "250", "150", "40.0"),
                                                  rate("359", "100", "70", "30.0"), rate("340", "10", "10", "0.0"))))  # fmt: skip
    assert [row.figures[0].text for row in found.bars[0].rows] == ["250", "100", "100", "10"]
    assert found.words == [
        (
            "Among the authorities with 50 places or more whose figures are shown, the share of"
            " places with nobody living in them runs from 25% in Stockport to 40% in Manchester; as"
            " counts are rounded, each can be some points out."
        ),
        "The other authorities stand below them, by name.",
        "Most places were counted in Manchester: 250.",
    ]
    assert found.note.startswith(
        "Shares are of counts rounded to 5: a share of 20 can be out by more than ten"
    )


@pytest.mark.parametrize(("here", "known"), [("600", False), ("420", True), ("c", False)])
def test_most_places_are_said_to_be_counted_where_no_hidden_count_can_be_larger(here, known):
    rows = [f" | {HOMES} | 99 | 1 | 99 | {here} | 1 | 1 | 1 | 1 | 1 | 1 | 1 | 1", rate("352", "250", "150", "40.0"), rate("356", "100", "75", "25.0"),
            rate("359", "c", "c", "c")]  # fmt: skip
    assert (
        "Most places were counted in Manchester: 250."
        in supply.by_authority(edition(occupancy(*rows))).words
    ) == known


def test_of_few_places_the_counts_are_said_and_no_share():
    here = (
        f" | {HOMES} | 400 | 1600 | 360 | 1400 | 900 | 250 | 250 | 64.3 | 17.9 | 35.7 | 90.0 | 87.5"
    )
    few = f"356 | {HOMES} | 9 | 20 | 9 | 20 | 10 | c | c | 50.0 | c | 50.0 | 100.0 | 100.0"
    given = edition(occupancy(here, few), origin_of("20", "10", "50.0", "0", "0.0"))
    assert headline(given, STOCKPORT) == "9 children’s homes stand in Stockport"
    assert supply.places_here(given, STOCKPORT).words == [
        "About 10 of the 20 places counted in Stockport’s children’s homes are lived in."
    ]
    assert not any(
        share.is_shown for *_, share in supply.places_here(given, STOCKPORT).whole.legend
    )
    assert [(a.figure, a.words) for a in answers(given, STOCKPORT)[:2]] == [
        (
            "10 of 20",
            (
                "children living here were placed by Stockport itself, in rounded counts. None come"
                " from beyond the region and its neighbours."
            ),
        ),
        ("10 of 20", "places counted are empty, in rounded counts."),
    ]
    section = supply.who_lives_here(given, STOCKPORT)
    assert section.words == [
        (
            "About 10 of the 20 children and young people living in Stockport’s children’s homes"
            " were placed by Stockport."
        ),
    ]
    assert not any(share.is_shown for *_, share in section.whole.legend)


def test_a_share_of_nought_is_not_said_to_be_none():
    """9 of 12 places lived in are printed as 10 of 10."""
    knowsley = f"356 | {HOMES} | 5 | 12 | 5 | 10 | 10 | c | c | 100.0 | c | 0.0 | 100.0 | 100.0"
    given = edition(occupancy(knowsley, FULL.replace("356", "", 1)))
    assert headline(given, STOCKPORT) == "5 children’s homes stand in Stockport"
    first = answers(given, STOCKPORT)[0]
    assert (first.figure, first.words) == (
        "Few, if any",
        "of the 10 places counted are empty: rounded counts show none.",
    )
    assert supply.places_here(given, STOCKPORT).words == []


def test_an_authority_is_not_set_above_the_region_by_what_rounding_may_do():
    whole = (
        f" | {HOMES} | 400 | 1600 | 360 | 1400 | 900 | 250 | 250 | 64.3 | 17.9 | 30.0 | 90.0 | 87.5"
    )
    given = edition(
        occupancy(
            whole,
            f"356 | {HOMES} | 20 | 60 | 20 | 60 | 40 | c | c | 66.7 | c | 33.3 | 100.0 | 100.0",
        )
    )
    assert "about as many as in the North West" in supply.places_here(given, STOCKPORT).words[0]


def origin_of(children: str, own: str, own_share: str, away: str, away_share: str) -> Table:
    bands = {
        "origin_band": {"label": "From", "labels": {"host": "Its own", "elsewhere": "Elsewhere"}}
    }
    rows = [f"356 | {HOMES} | Total | {children} | z", f"356 | {HOMES} | Its own | {own} | {own_share}",
            f"356 | {HOMES} | Elsewhere | {away} | {away_share}"]  # fmt: skip
    return table(
        "host_authority_origin", KIND | bands, {"children": "exact", "share": "exact"}, rows
    )


def test_the_squares_of_few_places_are_marked_and_not_coloured():
    many = [
        rate("356", "100", "75", "25.0"),
        rate("352", "250", "150", "40.0"),
        rate("340", "50", "40", "20.0"),
    ]
    found = supply.maps(edition(occupancy(*many, rate("359", "45", "40", "11.1"))))
    assert [(t.step > 0, t.is_rough) for t in found.maps[0].tiles if t.area.code == "359"] == [
        (False, True)
    ]
    assert sum(t.step > 0 for t in found.maps[0].tiles) == 3
    assert "Squares marked ~ are of fewer than 50" in found.note


def test_no_map_is_drawn_of_two_squares_that_have_enough():
    assert (
        supply.maps(
            edition(
                occupancy(
                    rate("356", "100", "75", "25.0"),
                    rate("352", "250", "150", "40.0"),
                    rate("359", "45", "45", "0.0"),
                )
            )
        )
        is None
    )


# --- demand
# ----------------------------------------------------------------------------------------------


def test_the_children_looked_after():
    looked_after = table(
        "children_looked_after",
        {
            "breakdown": {
                "label": "By",
                "labels": {"total": "Total", "placement type": "Placement type"},
            },
            "category": {"label": "Category"},
        },
        {"children": "exact", "share": "exact", "rate_per_10k": "exact"},
        [
            "356 | Total | Total | 480 | 100.0 | 74.2",
            "356 | Placement type | Total | 480 | 100.0 | z",
            "356 | Placement type | Secure homes and children's homes | 60 | 12.5 | z",
            "356 | Placement type | Foster placements | 330 | 68.8 | z",
            "356 | Placement type | Other placements | 0 | 0.0 | z",
            "356 | Sex | Male | 250 | 52.1 | z",
        ],
    )
    flows = table(
        "care_flows",
        {"breakdown": {"label": "By"}, "category": {"label": "Category"}},
        {"started": "exact", "ceased": "exact"},
        ["356 | Total | Total | 190 | 205"],
    )
    names = ("children", "three_or_more_share", "long_term_children", "same_carer_two_years_share")
    stable = table(
        "placement_stability", {}, dict.fromkeys(names, "exact"), ["356 | 480 | 9.9 | 30 | 66.7"]
    )
    found = demand.children(edition(looked_after, flows, stable), STOCKPORT)
    assert found.words == [
        "480 children are looked after by Stockport.",
        "That is 74.2 for every 10,000 people aged 0 to 17.",
        "In the twelve months before, 190 children started to be looked after and 205 ceased.",
        "10% had three or more placements in that time.",
    ]
    assert [row.cell.name for row in found.bars[0].rows] == [
        "Foster placements",
        "Secure homes and children's homes",
    ]


def test_where_children_are_placed_speaks_of_homes_and_says_what_is_not_known():
    bands = {
        "label": "Where",
        "labels": {
            "in_area": "In area",
            "sub_region": "Sub-region",
            "elsewhere": "Beyond",
            "unknown": "Not known",
        },
    }
    given = table(
        "own_placements_location",
        KIND | {"location_band": bands},
        {"placements": "exact", "share": "exact"},
        [
            f"356 | {HOMES} | Total | 65 | 100.0",
            f"356 | {HOMES} | In area | 25 | 38.5",
            f"356 | {HOMES} | Sub-region | 25 | 38.5",
            f"356 | {HOMES} | Beyond | 15 | 23.1",
            f"356 | {HOMES} | Not known | 0 | 0.0",
            "356 | Total | Total | 450 | 100.0",
            "356 | Total | In area | 30 | 6.7",
            "356 | Total | Not known | 375 | 83.3",
        ],
    )
    found = demand.location(edition(given), STOCKPORT)
    assert found.words == [
        "39% of the placements of Stockport in children’s homes stand in its own area.",
        "Of the placements of every kind, where 83% stand is not known.",
    ]
    assert [row.cell.name for row in found.bars[0].rows] == [HOMES, "All placements"]
    assert [label for _, label, *_ in found.whole.legend] == ["In area", "Sub-region", "Beyond"]


def test_children_placed_in_and_out():
    names = ("own_inside", "own_outside", "own_unknown", "others_inside", "net_gain")
    given = table(
        "net_position",
        {},
        dict.fromkeys(names, "exact"),
        ["356 | 175 | 100 | 0 | 275 | 175", "352 | 300 | 400 | c | 50 | -350"],
    )
    found = demand.net_position(edition(given), STOCKPORT)
    assert found.words[:2] == [
        "275 children of other authorities live in Stockport’s area.",
        "100 children of Stockport’s own live outside it.",
    ]
    assert [[str(f) for f in row.figures] for row in found.bars[0].rows] == [
        ["275"],
        ["100"],
        ["175"],
        ["0"],
        ["175"],
    ]
    whole = demand.net_position(edition(given), Area("", "North West"))
    assert [(row.cell.name, str(row.figures[-1])) for row in whole.bars[0].rows] == [
        ("Stockport", "175"),
        ("Manchester", "\u2212350"),
    ]


def test_flows_both_ways_largest_first_and_the_small_ones_left_out():
    given = table(
        "placement_flow",
        {"host_authority_name": {"label": "Where"}},
        {"children_by_authorities": "exact", "children_by_providers": "exact"},
        [
            "356 | Total | 450 | 400",
            "356 | Stockport | 300 | 280",
            "356 | Manchester | 40 | 35",
            "356 | Wigan | c | c",
            "356 | Outside the region or not known | 110 | 60",
            "352 | Stockport | 90 | 95",
            "359 | Stockport | c | 20",
        ],
    )
    out, inward = demand.flows(edition(given), STOCKPORT).bars
    assert [(r.cell.name, str(r.figures[0])) for r in out.rows] == [
        ("Stockport", "300"),
        ("Manchester", "40"),
        ("Outside the region or not known", "110"),
    ]
    assert out.rows[-1].parts == []
    assert [(r.cell.name, str(r.figures[0])) for r in inward.rows] == [
        ("Stockport", "280"),
        ("Manchester", "95"),
        ("Wigan", "20"),
    ]


# --- beside, in time, in doubt
# ---------------------------------------------------------------------------


def test_an_authority_stands_first_beside_its_neighbours_and_the_region_last():
    rows = [FULL.replace("356", code, 1) for code in ("356", "352", "359")]
    found = sections.neighbours(edition(occupancy(*rows, FULL.replace("356", "", 1))), STOCKPORT)
    assert [row.cell.name for row in found.bars[0].rows][0] == "Stockport"
    assert [row.cell.name for row in found.bars[0].rows][-1] == "North West"
    assert "Manchester" in [row.cell.name for row in found.bars[0].rows]


def test_a_trend_leaves_a_gap_where_a_quarter_is_hidden():
    quarters = [dt.date(2025, 3, 31), dt.date(2025, 6, 30)]
    hidden = f"356 | {HOMES} | 40 | 160 | 36 | c | c | c | c | c | c | c | 90.0 | 87.5"
    earlier = tuple(
        edition(occupancy(row), date=date)
        for row, date in zip((FULL.replace("105", "100"), hidden), quarters, strict=True)
    )
    found = sections.trend(edition(occupancy(FULL), earlier=earlier), STOCKPORT)
    assert [[str(f) for f in figures][0] for _, figures in found.data[0].rows] == [
        "100",
        "[c]",
        "105",
    ]
    assert found.words[0] == "75% of the places counted are lived in, as on 31 March 2025."
    assert sections.trend(edition(occupancy(FULL)), STOCKPORT) is None


def test_a_trend_says_how_full_the_places_are_before_how_many_are_counted():
    """Growth of the register, or of the returns, is no change of how the places are used: 71 and 72
    per cent, not 185 places more.
    """
    then = (
        f"356 | {HOMES} | 240 | 815 | 200 | 720 | 510 | 110 | 100 | 70.8 | 15.3 | 29.2 | 83.3 |"
        " 88.0"
    )
    now = (
        f"356 | {HOMES} | 328 | 1035 | 304 | 969 | 695 | 135 | 137 | 71.7 | 13.9 | 28.3 | 92.7 |"
        " 93.0"
    )
    earlier = edition(occupancy(then), date=dt.date(2024, 3, 31))
    found = sections.trend(edition(occupancy(now), earlier=(earlier,)), STOCKPORT)
    assert found.words[:2] == [
        "72% of the places counted are lived in, where 71% were on 31 March 2024.",
        "That is 695 of 969 places counted now, and was 510 of 720 then.",
    ]
    assert not any("more places" in words or "fewer places" in words for words in found.words)
    hidden = f"356 | {HOMES} | 40 | 160 | 36 | c | c | c | c | c | c | c | 90.0 | 87.5"
    found = sections.trend(edition(occupancy(hidden), earlier=(earlier, earlier)), STOCKPORT)
    assert not found or not found.words[0].startswith("7"), (
        "nothing is said of now where now is hidden"
    )


def test_the_trend_of_children_says_how_many_authorities_it_rests_on():
    def quarter(date: dt.date, *children: str, earlier: tuple[Edition, ...] = ()) -> Edition:
        looked_after = table("children_looked_after", {}, {"children": "exact"}, list(children))
        return edition(
            occupancy(FULL.replace("356", "", 1), FULL), looked_after, date=date, earlier=earlier
        )

    earlier = quarter(dt.date(2025, 9, 30), " | 900", "356 | 480", "352 | c")
    fewer = sections.trend(
        quarter(DATE, " | 480", "356 | 480", "352 | x", earlier=(earlier,)), Area("", "North West")
    )
    assert (
        fewer.words[-1]
        == "The children looked after are those of the authorities that returned them, not the same"
        " number in every quarter: 2 on 30 September 2025 and 1 on 31 December 2025."
    )
    assert fewer.data[0].columns[-1] == "Authorities that returned them"
    assert [figures[-1].text for _, figures in fewer.data[0].rows] == ["2", "1"]
    same = sections.trend(
        quarter(DATE, " | 900", "356 | 480", "352 | c", earlier=(earlier,)), Area("", "North West")
    )
    assert not any("not the same number" in words for words in same.words)


def test_coverage_says_what_is_counted_beside_the_register():
    found = sections.coverage(
        edition(
            occupancy(f"356 | {HOMES} | 10 | 40 | 10 | 40 | 30 | c | c | x | x | x | 90.0 | 90.0")
        ),
        STOCKPORT,
    )
    assert "Figures also count those that returned and are not in it" in found.note


def test_a_release_without_a_table_has_no_section_of_it():
    assert sections.region_sections(edition()) == []
    assert answers(edition(), STOCKPORT) == []
    assert headline(edition(), STOCKPORT) == "Homes for children in care in Stockport"


def test_a_trend_shows_no_children_where_this_release_has_no_table_of_them():
    looked_after = table("children_looked_after", {}, {"children": "exact"}, ["356 | 480"])
    earlier = edition(occupancy(FULL), looked_after, date=dt.date(2025, 9, 30))
    found = sections.trend(edition(occupancy(FULL), earlier=(earlier,)), STOCKPORT)
    assert found.tables == ("host_authority_occupancy",)
    assert "Children looked after" not in found.data[0].columns


def test_a_page_is_named_by_letters_and_digits_alone():
    assert page_of(Area("../../x<y>", "n")) == "authority-xy.html"
