"""Every page in a browser: readable by everybody, complete in itself, and true to the ledger."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

from assets.page.site import pages
from assets.publication.programme import PUBLISHED_TABLES
from assets.publication.release import read_release
from tests.page.region import DECEMBER, HOSTILE, HOSTILE_SENDER, SEPTEMBER, MadeUp

MOST_BYTES = 300_000
PAGES = [
    "index.html",
    "authority-356.html",
    "authority-353.html",
    "tables.html",
    "table-host_authority_occupancy.html",
]


# --- in the browser
# --------------------------------------------------------------------------------------


def test_there_is_a_page_for_the_region_each_authority_and_each_table(small: MadeUp):
    there = {path.name for path in small.page().parent.glob("*.html")}
    wanted = {
        "index.html",
        "tables.html",
        "glossary.html",
        "methods.html",
        "changes.html",
        "returns.html",
    }
    wanted |= {f"authority-{code}.html" for code in ("352", "353", "356", "358", "890")}
    tables, _ = read_release(small.warehouse, DECEMBER, 2)
    assert there == wanted | {f"table-{name}.html" for name in tables}


def test_axe_finds_nothing_in_light_or_dark(looks):
    assert len(looks) > 10
    assert {path: look.violations for path, look in looks.items() if look.violations} == {}


def test_the_browser_has_nothing_to_complain_of_and_asks_for_nothing_outside(looks):
    assert {
        path: look.said + look.outside for path, look in looks.items() if look.said or look.outside
    } == {}


def test_there_is_no_script_no_form_no_frame_and_no_style_but_the_one(looks):
    assert {path: look.scripts for path, look in looks.items() if look.scripts} == {}


@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_is_wider_than_the_screen(looks, width):
    assert {
        path: look.widths[width] for path, look in looks.items() if look.widths[width] > width
    } == {}


def test_every_link_leads_to_a_file_and_a_place_in_it_and_none_to_the_outside(small, looks):
    lost = []
    for page, look in looks.items():
        for link in look.links:
            file, place = urldefrag(link)
            if link == "data:,":
                continue
            target = (
                (small.releases / page).parent / unquote(file) if file else small.releases / page
            )
            if not target.is_file() or (
                place and f'id="{place}"' not in target.read_text(encoding="utf-8")
            ):
                lost.append(f"{page}: {link}")
    assert lost == []


def test_every_page_is_small(small):
    sizes = {path.name: path.stat().st_size for path in small.page().parent.iterdir()}
    assert {name: size for name, size in sizes.items() if size > MOST_BYTES} == {}


@pytest.mark.parametrize("name", PAGES)
def test_the_keyboard_alone_reaches_every_link_and_shows_where_it_is(small, browser, name):
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(small.page(name).as_uri())
    stops = page.evaluate("document.querySelectorAll('a[href], summary, [tabindex=\"0\"]').length")
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    wanted = page.evaluate(
        "[...document.querySelectorAll('a[href]')].map((a, i) => { a.setAttribute('data-n', i);"
        " return i })"
    )
    reached, unseen = set(), []
    for _ in range(stops + 5):
        page.keyboard.press("Tab")
        found = page.evaluate(
            """() => { const e = document.activeElement, tile = e.querySelector('rect');
            const seen = getComputedStyle(e).outlineStyle !== 'none' || (tile && getComputedStyle(tile).strokeWidth === '3px');
            return [e.dataset.n ?? null, seen || e === document.body, e.outerHTML.slice(0, 120)] }"""
        )
        if found[0] is not None:
            reached.add(int(found[0]))
        if not found[1]:
            unseen.append(found[2])
    context.close()
    assert sorted(set(wanted) - reached) == []
    assert unseen == []


@pytest.mark.parametrize("name", [*PAGES, "returns.html", "changes.html"])
def test_on_a_narrow_screen_a_wide_table_scrolls_in_its_own_box_and_says_so(small, browser, name):
    context = browser.new_context(viewport={"width": 320, "height": 800})
    page = context.new_page()
    page.goto(small.page(name).as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    boxes = page.evaluate(
        """[...document.querySelectorAll('table:not(.bars)')].map(t => { const box = t.parentElement, hint = box.previousElementSibling,
        words = t.querySelector('caption span').getBoundingClientRect(), room = box.getBoundingClientRect();
        box.scrollLeft = 200; const after = t.querySelector('caption span').getBoundingClientRect();
        return {wide: box.scrollWidth > box.clientWidth, figures: t.querySelector('tbody th').offsetWidth < 0.6 * box.clientWidth,
        scrolls: getComputedStyle(box).overflowX, role: box.getAttribute('role'),
        stop: box.tabIndex, label: box.getAttribute('aria-label'), hint: hint.className === 'hint' && hint.offsetHeight > 0,
        fits: words.width <= room.width + 0.5, stays: after.left >= room.left - 0.5 && after.right <= room.right + 0.5} })"""
    )
    context.close()
    assert boxes
    assert name in ("returns.html", "changes.html", "tables.html") or any(
        box["wide"] for box in boxes
    )
    for box in boxes:
        label, _ = box.pop("label"), box.pop("wide")
        assert label
        assert box == {
            "figures": True,
            "scrolls": "auto",
            "role": "region",
            "stop": 0,
            "hint": True,
            "fits": True,
            "stays": True,
        }, label


def test_the_skip_link_comes_first_and_leads_past_the_navigation(small, browser):
    context = browser.new_context()
    page = context.new_page()
    page.goto(small.page().as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    context.close()


def test_on_paper_every_table_is_open_and_the_navigation_is_gone(small, browser):
    context = browser.new_context(viewport={"width": 700, "height": 1000})
    page = context.new_page()
    page.goto(small.page().as_uri())
    page.emulate_media(media="print")
    heights = page.evaluate(
        "[...document.querySelectorAll('details table')].map(t => t.getBoundingClientRect().height)"
    )
    assert heights and min(heights) > 20
    assert page.evaluate("getComputedStyle(document.querySelector('.band ul')).display") == "none"
    context.close()


# --- what they say
# ---------------------------------------------------------------------------------------


class Cells(HTMLParser):
    """Tables of a page: caption, header cells, and rows of a name and its cells."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: list[dict] = []
        self.into: list[str] | None = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "table":
            self.tables.append({"caption": [], "head": [], "rows": []})
        elif self.tables and tag == "caption":
            self.into = self.tables[-1]["caption"]
        elif self.tables and tag == "tr":
            self.tables[-1]["rows"].append([])
        elif self.tables and tag in ("th", "td"):
            cell: list[str] = []
            self.tables[-1]["rows"][-1].append(cell)
            self.into = cell

    def handle_endtag(self, tag):
        if tag in ("th", "td", "caption"):
            self.into = None

    def handle_data(self, data):
        if self.into is not None:
            self.into.append(data)


def tables_of(path: Path) -> dict[str, list[list[str]]]:
    """Rows of the tables of a page by caption, as a reader sees them."""
    parsed = Cells(path.read_text(encoding="utf-8"))
    return {
        "".join(t["caption"]).strip(): [
            ["".join(cell).strip() for cell in row] for row in t["rows"]
        ]
        for t in parsed.tables
    }


def words_of(path: Path) -> str:
    """The text of a page, as it is read."""
    body = path.read_text(encoding="utf-8").split("</head>")[1]
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))


def as_released(shown: str) -> str:
    """A cell of a page as the release prints it."""
    return (
        re.sub(r"^\[(\w+)\]$", r"\1", shown)
        .replace(",", "")
        .replace("£", "")
        .removesuffix("%")
        .replace("\u2212", "-")
    )


FULL = {
    "Settings registered": "settings_registered", "Places registered": "places_registered", "Of them returned": "settings_returned",
    "Places returned": "places_returned", "Lived in": "occupied", "Could take a child now": "vacant", "Cannot be offered": "unavailable",
    "Lived in, %": "occupancy_rate", "Could take a child now, %": "vacancy_rate", "Nobody living in them, %": "unoccupied_rate",
    "Coverage of settings": "coverage_settings", "Coverage of places": "coverage_places",
}  # fmt: skip


def test_the_figures_of_every_authority_are_the_ledgers(small):
    released = read_release(small.warehouse, DECEMBER, 2)[0]["host_authority_occupancy"]
    homes = released[
        (released["provision_type"] == "Children's home") & (released["la_name"] != "")
    ].set_index("la_name")
    tables = tables_of(small.page())
    head, *rows = next(
        t
        for caption, t in tables.items()
        if "by host authority" in caption and "Settings registered" in t[0]
    )
    assert [row[0].replace("\u2019", "'") for row in rows] != []
    for row in rows:
        cells = homes.loc[row[0].replace("\u2019", "'")]
        assert {
            label: as_released(shown) for label, shown in zip(head[1:], row[1:], strict=True)
        } == {label: cells[FULL[label]] for label in head[1:]}


def test_the_regions_figures_on_every_tables_page_are_the_ledgers(small):
    released, _ = read_release(small.warehouse, DECEMBER, 2)
    assert len(released) >= 8
    for about in (t for t in PUBLISHED_TABLES if t.name in released):
        frame = released[about.name]
        region = frame[frame["geographic_level"] == "Regional"]
        wanted = sorted(
            str(v)
            for v in region[[i.name for i in about.indicators if i.name in frame]]
            .head(60)
            .to_numpy()
            .ravel()
        )
        tables = tables_of(small.page(f"table-{about.name}.html"))
        shown = next(
            rows
            for caption, rows in tables.items()
            if caption.startswith(about.title.replace("'", "\u2019"))
        )
        assert sorted(as_released(cell) for row in shown[1:] for cell in row[1:]) == wanted, (
            about.name
        )


def test_what_the_small_region_must_say(small):
    """By hand: Stockport's six homes have 40 of 60 places lived in, 15 free, 5 that cannot be
    offered; 20 of their 40 children are its own.
    """
    said = words_of(small.page("authority-356.html"))
    assert "About a third of the places in Stockport’s children’s homes stand empty" in said
    assert (
        "6 children’s homes with 60 places stand in Stockport. All of them sent a return." in said
    )
    assert "Of the places counted, 40 are lived in and 15 could take a child now." in said
    assert "The number that is not to be offered is not shown" in said  # 5 is fewer than 8
    assert (
        "20 of 40 children living here were placed by Stockport itself, in rounded counts. 10 come"
        " from beyond the region and its neigh" in said
    )


def test_an_area_without_a_return_says_so_and_shows_no_number_for_it(small):
    """Blackpool had sent nothing when the first release of December was made."""
    said = words_of(small.page("authority-890.html", number=1))
    assert (
        "2 children’s homes with 20 places stand in Blackpool. None of them sent a return." in said
    )
    assert "How many places are lived in is not known: no return was received." in said
    assert "None of them sent a return" not in words_of(small.page("authority-890.html"))


def test_hostile_names_are_text_and_nothing_else(small):
    for path in small.page().parent.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "<script" not in text
        assert "<img" not in text
        assert "<svg onload" not in text
    shown = small.page("authority-353.html").read_text(encoding="utf-8")
    assert html.escape(HOSTILE, quote=False).replace("'", "\u2019") in shown
    assert html.escape(HOSTILE_SENDER) in small.page("returns.html").read_text(encoding="utf-8")


def test_any_figure_is_two_clicks_from_its_definition_its_coverage_and_its_returns(small):
    """One click from a section to its table's page, where definition, coverage and the kinds of
    return stand; one more to every return.
    """
    tables, manifest = read_release(small.warehouse, DECEMBER, 2)
    for page in ["index.html", *(p.name for p in small.page().parent.glob("authority-*.html"))]:
        sections = re.findall(
            r'<section class="part" id="([^"]+)".*?</section>',
            small.page(page).read_text(encoding="utf-8"),
            flags=re.S,
        )
        text = small.page(page).read_text(encoding="utf-8")
        for section in (s for s in sections if s != "notes"):
            body = re.search(
                rf'<section class="part" id="{section}".*?</section>', text, flags=re.S
            ).group()
            links = re.findall(r'href="(table-\w+\.html)"', body)
            assert links, f"{page}: {section} leads to no table"
            target = small.page(links[0]).read_text(encoding="utf-8")
            for part in (
                'class="definition"',
                'id="coverage"',
                'id="columns"',
                'id="checks"',
                'href="returns.html"',
            ):
                assert part in target, f"{links[0]} lacks {part}"
    returns = small.page("returns.html").read_text(encoding="utf-8")
    assert all(
        f"version {r['version']}" in returns for r in manifest["returns"]
    ) and "content_hash" not in str(manifest)


def test_what_changed_names_the_late_return_and_counts_the_figures_that_moved(small):
    first = small.page("changes.html", number=1).read_text(encoding="utf-8")
    assert "This is the first release of 31 December 2025" in first
    second = small.page("changes.html").read_text(encoding="utf-8")
    assert "1 new return</summary>" in second
    assert "provider-late" in second
    before, after = (
        read_release(small.warehouse, DECEMBER, n)[0]["host_authority_occupancy"] for n in (1, 2)
    )
    moved = int((before.to_numpy() != after.to_numpy()).sum())
    assert moved > 0
    assert f'<td class="number">{moved}</td>' in second


def test_a_column_is_traced_to_the_providers_return(small):
    text = small.page("table-host_authority_occupancy.html").read_text(encoding="utf-8")
    column = re.search(r'<div id="column-occupied">.*?</ol>', text, flags=re.S).group()
    for step in (
        "Provider census: settings: occupied_places",
        "provider_settings.occupied_places",
        "setting_return.occupied_places",
    ):
        assert step in column


def test_a_site_that_is_up_to_date_is_left_alone_and_one_that_is_gone_is_made_again_the_same(small):
    page = small.page()
    before = {p.name: p.read_bytes() for p in page.parent.iterdir()}
    assert not small.sites().make(DECEMBER).is_new
    for path in page.parent.iterdir():
        path.unlink()
    page.parent.rmdir()
    assert small.sites().make(DECEMBER).is_new
    assert {p.name: p.read_bytes() for p in page.parent.iterdir()} == before


def test_the_trend_has_every_quarter_of_the_ledger(small):
    rows = next(
        t
        for caption, t in tables_of(small.page()).items()
        if "Sep 2025 to Dec 2025" in caption and t[0][0] == "Census date"
    )
    assert [row[0] for row in rows[1:]] == ["30 September 2025", "31 December 2025"]
    for row, (date, number) in zip(
        rows[1:], [(small_date, n) for small_date, n in small.sites().newest.items()], strict=True
    ):
        released = read_release(small.warehouse, date, number)[0]["host_authority_occupancy"]
        cells = released[
            (released["provision_type"] == "Children's home") & (released["la_name"] == "")
        ].iloc[0]
        assert [as_released(shown) for shown in row[1:]] == [
            cells[n] for n in ("occupied", "vacant", "unavailable", "coverage_places")
        ]


def test_the_pages_are_made_of_whichever_tables_a_release_has(small):
    """A table is not released where nobody returned what it is made of; earlier releases may have
    had it.
    """
    sites = small.sites()
    whole = replace(
        sites._edition(DECEMBER, 2),
        earlier=(sites._edition(SEPTEMBER, 1),),
        before=sites._edition(DECEMBER, 1),
    )
    tables = dict(whole.tables)
    kept = [
        {name: table for name, table in tables.items() if name != dropped} for dropped in tables
    ]
    for subset in [*kept, {"host_authority_occupancy": tables["host_authority_occupancy"]}, {}]:
        made = pages(replace(whole, tables=subset), [])
        linked = {
            link for text in made.values() for link in re.findall(r'href="([\w-]+\.html)', text)
        }
        assert linked <= made.keys(), linked - made.keys()
