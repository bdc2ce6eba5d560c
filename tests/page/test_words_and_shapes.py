"""Words and shapes of the pages: right for one and for many, for what is hidden and what is
missing; colours that can be told apart.
"""

from __future__ import annotations

import datetime as dt
import html
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from assets.page.certainty import out_by, surely_largest
from assets.page.charts import Line, Range, lines, ranges
from assets.page.drawing import bar, places_of, round_bounds, short_name, tile_map
from assets.page.figures import Area, Figure
from assets.page.shapes import the
from assets.page.site import TEMPLATES
from assets.page.wording import (
    number_of,
    part_and_percent,
    part_of,
    possessive,
    say,
    unsaid,
    whole_percent,
)
from assets.publication.disclosure.rules import SYMBOLS
from schemas.authorities import all_authorities
from schemas.codes import code_set
from schemas.regions import load_region, region_keys

# --- words
# -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "unit", "shown"),
    [("1088", "", "1,088"), ("0", "", "0"), ("73.1", "%", "73.1%"), ("5900", "£", "£5,900"), ("-85", "", "\u221285"), ("c", "", "[c]"),
     ("low", "%", "[low]"), ("x", "£", "[x]"), ("", "", ""), ("1.10", "", "1.10")],
)  # fmt: skip
def test_a_figure_is_shown_as_it_was_released(text, unit, shown):
    assert str(Figure(text, unit)) == shown


@pytest.mark.parametrize(
    ("text", "words"),
    [("0", "no places"), ("1", "1 place"), ("5", "5 places"), ("2370", "2,370 places")],
)
def test_one_and_many(text, words):
    assert number_of(Figure(text), "place", "places") == words


@pytest.mark.parametrize(
    ("share", "words"),
    [("25.0", "about a quarter (25%)"), ("25.7", "about a quarter (26%)"), ("26.9", "more than a quarter (27%)"), ("33.3", "about a third (33%)"),
     ("30.5", "nearly a third (31%)"), ("41.0", "41%"), ("48.0", "nearly half (48%)"), ("0.0", "0%"), ("100.0", "100%"), ("0.3", "less than 1%"),
     ("99.7", "more than 99%"), ("low", "less than 1%"), ("60.0", "60%")],
)  # fmt: skip
def test_shares_in_words(share, words):
    assert part_and_percent(Figure(share, "%")) == words


def test_a_share_that_rounding_may_move_is_about_its_part():
    assert part_and_percent(Figure("26.9", "%"), 5.0) == "about a quarter (27%)"
    assert part_and_percent(Figure("26.9", "%"), 1.0) == "more than a quarter (27%)"
    assert part_and_percent(Figure("41.0", "%"), 5.0) == "41%"


@given(st.floats(0, 100))
def test_a_share_in_words_is_never_far_from_the_share(number):
    said = part_of(Figure(f"{number:.1f}", "%"))
    meant = {
        "tenth": 10,
        "fifth": 20,
        "quarter": 25,
        "third": 33.3,
        "half": 50,
        "thirds": 66.7,
        "quarters": 75,
        "fifths": 80,
        "tenths": 90,
    }
    word = said.split()[-1]
    if word in meant:
        assert abs(meant[word] - number) <= 3.2
        if "more" in said:
            assert number > meant[word]
        if "nearly" in said:
            assert number < meant[word]
    else:
        assert (
            abs(float(re.sub(r"[^\d.]", "", whole_percent(Figure(f"{number:.1f}", "%")))) - number)
            <= 1
        )


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_every_symbol_has_its_sentence_and_none_shows_a_number(symbol):
    said = unsaid(Figure(symbol), "How many places are empty")
    assert said.startswith("How many places are empty")
    assert said.endswith(".")
    assert say(Figure(symbol), "7 places are empty", "How many places are empty") == said


def test_nothing_is_said_of_a_figure_that_the_release_does_not_have():
    assert say(Figure(""), "places", "How many") == ""


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("Stockport", "Stockport’s"),
        ("St. Helens", "St. Helens’"),
        ("the North West", "the North West’s"),
    ],
)
def test_whose(name, of):
    assert possessive(name) == of


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("North West", "the North West"),
        ("East of England", "the East of England"),
        ("London", "London"),
    ],
)
def test_a_region_in_a_sentence(name, words):
    assert the(name) == words


# --- what may be said
# ------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(0, 120), st.booleans()), min_size=1, max_size=7))
def test_what_is_called_the_largest_is_so_whatever_was_hidden_and_rounded(counts):
    true = {str(place): count for place, (count, _) in enumerate(counts)}
    printed = {
        str(place): Figure("c" if hide or 0 < count < 8 else str(5 * round(count / 5)))
        for place, (count, hide) in enumerate(counts)
    }
    name = surely_largest(printed, Figure(str(5 * round(sum(true.values()) / 5))), 5)
    assert not name or all(true[name] > count for other, count in true.items() if other != name)


def test_the_largest_is_said_where_it_can_be():
    assert (
        surely_largest({"a": Figure("65"), "b": Figure("30"), "c": Figure("c")}, Figure("120"), 5)
        == "a"
    )
    assert (
        surely_largest({"a": Figure("65"), "b": Figure("30"), "c": Figure("0")}, Figure("c"), 5)
        == "a"
    )
    assert surely_largest({"a": Figure("65"), "b": Figure("x")}, Figure("65"), 5) == ""
    assert surely_largest({"a": Figure("0")}, Figure("0"), 5) == ""


@given(st.integers(0, 500), st.integers(1, 500), st.sampled_from([1, 5, 10]))
def test_rounding_moves_a_share_by_no_more_than_is_said(part, rest, round_to):
    part_printed, whole_printed = (round_to * round(n / round_to) for n in (part, part + rest))
    if whole_printed:
        share = min(100 * part_printed / whole_printed, 100)
        assert (
            abs(share - 100 * part / (part + rest))
            <= out_by(Figure(str(whole_printed)), round_to) + 1e-9
        )


# --- bars
# ------------------------------------------------------------------------------------------------


def parts(*texts: str) -> list[tuple[str, str, Figure]]:
    return [
        (colour, colour, Figure(text))
        for colour, text in zip(("occupied", "vacant", "unavailable"), texts, strict=False)
    ]


def test_a_bars_parts_stand_one_after_the_other():
    assert [(p.colour, p.start, p.width) for p in bar(parts("60", "30", "10"), 100)] == [
        ("occupied", 0, 60), ("vacant", 60, 30), ("unavailable", 90, 10),
    ]  # fmt: skip


def test_what_is_hidden_is_the_rest_of_the_whole():
    drawn = bar(parts("60", "c", "c"), 100)
    assert [(p.colour, p.start, p.width) for p in drawn] == [
        ("occupied", 0, 60),
        ("hidden", 60, 40),
    ]
    assert drawn[-1].label == "vacant and unavailable"


@pytest.mark.parametrize(
    "texts", [("60", "c", "0"), ("60", "0", "0"), ("10", "c", "c"), ("60", "x", "5")]
)
def test_where_the_whole_is_not_known_no_part_is_drawn_as_if_it_were_all(texts):
    assert bar(parts(*texts), None) == []


def test_what_nobody_returned_is_left_open():
    assert [(p.colour, p.width) for p in bar(parts("60", "x", "10"), 100)] == [
        ("occupied", 60),
        ("unavailable", 10),
    ]


def test_a_bar_on_a_scale_needs_no_whole():
    assert [(p.colour, p.width) for p in bar(parts("60"), None, 120)] == [("occupied", 50)]


@pytest.mark.parametrize("texts", [("x", "x", "x"), ("0", "0", "0"), ("z", "", "x")])
def test_of_nothing_nothing_is_drawn(texts):
    assert bar(parts(*texts), None) == []


@given(
    st.lists(
        st.sampled_from(["0", "5", "10", "40", "1090", "c", "x", "z", "low", ""]),
        min_size=3,
        max_size=3,
    ),
    st.integers(0, 2000),
    st.integers(0, 2000),
)
def test_a_bar_never_leaves_its_frame(texts, whole, scale):
    drawn = bar(parts(*texts), whole, scale)
    assert all(p.width > 0 for p in drawn)
    assert all(a.start + a.width <= b.start + 0.02 for a, b in zip(drawn, drawn[1:], strict=False))
    assert not drawn or drawn[-1].start + drawn[-1].width <= 100.05


# --- tile maps
# -------------------------------------------------------------------------------------------

TODAY = dt.date(2025, 12, 31)


def members(key: str) -> list[Area]:
    region = load_region(key)
    return [
        Area(a.code, a.name, a.gss)
        for a in all_authorities()
        if a.code in region.members and a.stands_on(TODAY)
    ]


@pytest.mark.parametrize("key", region_keys())
def test_every_member_has_a_square_of_its_own_with_a_name_of_its_own(key):
    areas = members(key)
    placed = places_of(load_region(key), areas)
    assert set(placed) == {a.code for a in areas}
    assert len({(column, row) for column, row, _ in placed.values()}) == len(areas)
    assert len({short for *_, short in placed.values()}) == len(areas)


def test_the_north_wests_squares_are_all_its_own():
    region = load_region("north_west")
    assert set(region.tiles) == set(region.members)
    assert all(len(short) == 3 for *_, short in region.tiles.values())


def test_an_authority_that_the_region_does_not_place_stands_below_the_rest():
    region = replace(load_region("north_west"), tiles={"356": (4, 4, "STO")})
    placed = places_of(region, [Area("356", "Stockport"), Area("352", "Manchester")])
    assert placed["352"][1] == 5


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Stockport", "STO"),
        ("Cheshire West and Chester", "CWC"),
        ("<script>", "<SC"),
        ("Telford and Wrekin", "TEL"),
    ],
)
def test_short_names(name, short):
    assert short_name(name) == short


@given(st.lists(st.floats(0, 5000), min_size=1, max_size=24))
def test_steps_hold_every_number(numbers):
    bounds = round_bounds(numbers)
    assert len(bounds) == 6
    assert bounds[0] <= min(numbers) and max(numbers) <= bounds[-1] + 1e-9


def test_a_squares_step_is_the_one_that_holds_its_number():
    areas = [
        Area("352", "Manchester"),
        Area("356", "Stockport"),
        Area("353", "Oldham"),
        Area("358", "Trafford"),
    ]
    figures = [Figure(text, "%") for text in ("20.0", "38.0", "c", "25.0")]
    drawn = tile_map("t", load_region("north_west"), list(zip(areas, figures, strict=True)))
    assert drawn.bounds == [20, 25, 30, 35, 40, 45]
    assert {t.short: t.step for t in drawn.tiles} == {"MAN": 1, "STO": 4, "OLD": 0, "TRA": 2}


def test_no_map_is_drawn_where_nothing_is_published():
    assert (
        tile_map("t", load_region("north_west"), [(Area("352", "Manchester"), Figure("c"))]) is None
    )


# --- charts
# ----------------------------------------------------------------------------------------------

QUARTERS = [dt.date(2025, 3, 31), dt.date(2025, 6, 30), dt.date(2025, 9, 30)]


def test_a_chart_is_named_follows_the_readers_colours_and_loads_nothing():
    chart = lines(
        "A & B <places>",
        QUARTERS,
        [Line("occupied", "Lived in", (10, None, 30)), Line("vacant", "Free <now>", (5, 5, 5))],
    )
    for svg in (chart.large, chart.small):
        assert 'role="img" aria-label="A &amp; B &lt;places&gt;"' in svg
        assert "<now>" not in svg
        assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")
        assert "style=" not in svg
        assert set(re.findall(r'(?:fill|stroke)="([^"]+)"', svg)) <= {
            "none", "transparent", "var(--ink)", "var(--quiet)", "var(--line)", "var(--occupied)", "var(--vacant)",
        }  # fmt: skip
        assert set(re.findall(r'<text[^>]*fill="([^"]+)"', svg)) <= {"var(--ink)", "var(--quiet)"}
    assert "Mar 2025" in chart.large and "Sep 2025" in chart.large


def test_a_line_of_one_quarter_is_no_chart():
    assert lines("t", QUARTERS[:1], [Line("occupied", "Lived in", (10,))]) is None
    assert lines("t", QUARTERS, [Line("occupied", "Lived in", (10, None, None))]) is None


def test_ranges_name_their_mean_and_leave_out_what_is_hidden():
    chart = ranges(
        "Fees",
        [Range("Children's home", 3000, 5900, 9100), Range("Fostering", None, None, None)],
        "£ a week",
        "Ends",
    )
    assert "£5,900" in chart.large
    assert "Fostering" not in chart.large
    assert ranges("Fees", [Range("Fostering", None, None, None)], "£ a week", "Ends") is None


def _places(svg: str, kind: str, *attributes: str) -> list[tuple[float, ...]]:
    return [
        tuple(float(re.search(f' {a}="([^"]+)"', mark)[1]) for a in attributes)
        for mark in re.findall(f"<{kind} [^>]*>", svg)
    ]


def test_a_line_stands_where_its_numbers_are_and_breaks_where_one_is_hidden():
    chart = lines(
        "t",
        [*QUARTERS, dt.date(2025, 12, 31)],
        [
            Line("occupied", "Lived in", (40, 20, None, 10)),
            Line("vacant", "Free", (None, None, 0, None)),
        ],
    )
    for svg, height in ((chart.large, 260), (chart.small, 200)):
        assert svg.count("<polyline") == 1, "two quarters side by side are joined, and no other"
        assert [y for _, y in _places(svg, "circle", "cx", "cy")] == [
            0,
            height / 2,
            height * 0.75,
            height,
        ]
        first, second, fourth, third = (x for x, _ in _places(svg, "circle", "cx", "cy"))
        assert (
            second - first
            == pytest.approx(third - second, abs=0.2)
            == pytest.approx(fourth - third, abs=0.2)
        )
        assert [
            re.sub("<[^>]+>", "", text) for text in re.findall(r"<text[^>]*>[\d]+</text>", svg)
        ] == ["0", "10", "20", "30", "40"]


def test_the_labels_of_lines_that_end_together_do_not_cover_each_other():
    chart = lines(
        "t",
        QUARTERS,
        [
            Line("occupied", "One", (9, 10, 10)),
            Line("vacant", "Two", (3, 4, 10)),
            Line("unavailable", "Three", (1, 1, 9.9)),
        ],
    )
    names = {
        name: float(y) for y, name in re.findall(r'y="([-\d.]+)">(One|Two|Three)<', chart.small)
    }
    assert len(names) == 3
    down = sorted(names.values())
    assert down[1] - down[0] >= 16 and down[2] - down[1] >= 16
    above = float(re.search(r"translate\(0,([\d.]+)\)", chart.small)[1])
    assert down[0] + above >= 13, "the topmost is inside the picture"


@pytest.mark.parametrize("length", [1, 17, 41, 400])
def test_a_label_never_takes_the_charts_own_room(length):
    label = ("Places & more of them " * 20)[:length]
    quarters = lines(
        "t",
        QUARTERS,
        [Line("occupied", label, (1_000_000, 5, 10)), Line("vacant", "Free", (1, 1, 1))],
    )
    fees = ranges("Fees", [Range(label, 2000, 4000, 6000)], "£ a week", "Ends")
    for svg, width in (
        (quarters.large, 820),
        (quarters.small, 320),
        (fees.large, 820),
        (fees.small, 320),
    ):
        grid = [x for ends in _places(svg, "line", "x1", "x2") for x in ends]
        assert 0 <= min(grid) < max(grid) <= width and max(grid) - min(grid) >= 100
        first, whole = re.search(r">(P[^<]*)(?:<title>([^<]*))?</t", html.unescape(svg)).groups("")
        assert len(first) * 7 <= width - (80 if svg is fees.small else 100), (
            "it has room above the narrow bars, and beside every other drawing"
        )
        assert (first, whole) == (label, "") or (first[-1], whole) == (
            "\u2026",
            label,
        ), "what is cut can be read whole"
        assert length > 17 or first == label, "and nothing is cut without need"


def test_a_range_stands_on_its_scale_and_every_kinds_name_is_whole_at_any_width():
    kind = max(code_set("provision_type").labels, key=len)
    chart = ranges(
        "Fees",
        [Range(kind, 2000, 4000, 6000), Range("Fostering", None, 1010, 1200)],
        "£ a week",
        "Ends",
    )
    for svg in (chart.large, chart.small):
        (ticks, texts) = zip(
            *re.findall(r'<text x="([\d.]+)"[^>]*>£([\d,]+)</text>', svg)[:4], strict=True
        )
        assert texts == ("0", "2,000", "4,000", "6,000")
        ((start, width),) = _places(svg, "rect", "x", "width")
        assert [start, start + width] == [
            pytest.approx(float(ticks[1]), abs=0.2),
            pytest.approx(float(ticks[3]), abs=0.2),
        ]
        assert _places(svg, "circle", "cx")[0][0] == pytest.approx(float(ticks[2]), abs=0.2)
        assert escape(kind) in svg and "<title>" not in svg


# --- colours: axe cannot judge what stands in SVG
# ------------------------------------------------------------


def luminance(colour: str) -> float:
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2: relative luminances, the lighter over the darker."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def palettes() -> dict[str, dict[str, str]]:
    """The colours of the three media, later ones upon the first."""
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    found = [
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{(.*?)\}", style, flags=re.S)
    ]
    light, dark, paper = found
    return {"light": light, "dark": {**light, **dark}, "paper": {**light, **paper}}


def test_the_measure_is_wcags():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("medium", ["light", "dark", "paper"])
def test_text_in_svg_can_be_read(medium):
    c = palettes()[medium]
    pairs = {f"tile {n}": (c[f"t{n}"], c[f"s{n}"]) for n in range(6)} | {
        name: (c[name], c["paper"]) for name in ("ink", "quiet", "link")
    }
    assert {
        name: round(contrast(*pair), 2) for name, pair in pairs.items() if contrast(*pair) < 4.5
    } == {}


@pytest.mark.parametrize("medium", ["light", "dark", "paper"])
def test_shapes_stand_out_from_the_page(medium):
    c = palettes()[medium]
    shapes = (
        "occupied",
        "vacant",
        "unavailable",
        "hidden",
        "near-1",
        "near-2",
        "near-3",
        "far",
        "unknown",
    )
    assert {
        name: round(contrast(c[name], c["paper"]), 2)
        for name in shapes
        if contrast(c[name], c["paper"]) < 3
    } == {}


@pytest.mark.parametrize("medium", ["light", "dark", "paper"])
def test_neighbouring_steps_of_the_map_are_not_alike(medium):
    c = palettes()[medium]
    assert all(contrast(c[f"s{n}"], c[f"s{n + 1}"]) > 1.25 for n in range(1, 5))


def test_on_paper_the_shapes_have_the_colours_of_the_light_page():
    light, paper = palettes()["light"], palettes()["paper"]
    assert all(
        paper[name] == light[name]
        for name in light
        if name[0] in "st" and name[1:].isdigit() or name in ("occupied", "vacant", "far")
    )
