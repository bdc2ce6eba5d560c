"""The documentation site: made without a warning, its links lead somewhere, and it needs nothing
from outside.

Belongs here: the site as a whole, and that what is generated is complete. Does not belong here:
pages whose commands are played (`tests/pipeline/test_played_pages.py`).
"""

from __future__ import annotations

import os
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import sqlglot
from playwright.sync_api import sync_playwright
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from assets.publication.programme import PUBLISHED_TABLES
from assets.warehouse.models import (
    PYTHON_TABLES,
    models,
    raw_columns,
    understandings,
    warehouse_tests,
)
from docs.generator import cases, picture
from docs.generator.making import ROOT, SiteError, make, with_links
from pipelines.command import cli
from resources.configuration import SETTINGS
from resources.version import VERSION
from schemas.fields import all_fields
from schemas.returns import return_tables
from schemas.rules import rules

WRITTEN = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "dbt_like_sql/README.md",
    *(ROOT / "docs").rglob("*.md"),
]
"""What is written by hand."""

LOADED = {("script", "src"), ("link", "href"), ("img", "src"), ("iframe", "src"), ("source", "src")}
"""What a browser fetches by itself."""


class Page(HTMLParser):
    """The anchors of a page, where it links to, and what it has a browser load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            if tag == "a" and name == "href" and value:
                self.links.append(value)
            if (tag, name) in LOADED and value:
                self.loaded.append(value)


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The site: a warning of Sphinx's ends the making of it."""
    out = tmp_path_factory.mktemp("docs") / "site"
    make(out)
    return out


@pytest.fixture(scope="module")
def pages(site) -> dict[Path, Page]:
    return {path: Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}


def text_of(site: Path, name: str) -> str:
    return (site / name).read_text(encoding="utf-8")


def test_every_link_within_the_site_leads_to_a_page_and_an_anchor_that_are_there(pages):
    lost = []
    for path, page in pages.items():
        for link in [*page.links, *page.loaded]:
            parts = urlsplit(link)
            if parts.scheme:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchor = unquote(parts.fragment)
            if not target.exists() or (
                anchor and target in pages and anchor not in pages[target].anchors
            ):
                lost.append(f"{path.name}: {link}")
    assert lost == []
    assert sum(len(page.links) for page in pages.values()) > 1000


def test_nothing_is_loaded_from_outside(site, pages):
    assert [
        (path.name, link)
        for path, page in pages.items()
        for link in page.loaded
        if urlsplit(link).scheme not in ("", "data")
    ] == []
    styles = [path.read_text(encoding="utf-8") for path in site.rglob("*.css")]
    assert [
        found
        for text in styles
        for found in re.findall(r"(?:@import|url\()\s*['\"]?(https?://[^)'\"]+)", text)
    ] == []


def test_search_works_from_files(site):
    """The index is a script, which a browser loads from a file; summaries would be fetched, which
    it refuses.
    """
    index = text_of(site, "searchindex.js")
    assert index.startswith("Search.setIndex(") and '"vacancy_rate"' in index
    assert "SHOW_SEARCH_SUMMARY: false" in text_of(site, "_static/documentation_options.js")


def test_it_says_of_which_version_it_is(site):
    assert f"Observatory {VERSION}" in text_of(site, "index.html")


def test_the_reference_has_every_table_column_return_rule_setting_and_test(site):
    shown = {m.table for m in models().values() if m.schema != "staging"}
    assert {
        name for name in shown if not (site / f"reference/tables/{name}.html").exists()
    } == set()
    assert {
        name for name in return_tables() if not (site / f"reference/returns/{name}.html").exists()
    } == set()
    dictionary = Page(text_of(site, "reference/dictionary.html")).anchors
    assert {name for name in all_fields() if f"term-{name}" not in dictionary} == set()
    anchors = Page(text_of(site, "reference/rules.html")).anchors
    assert {name for name in rules() if name.replace("_", "-") not in anchors} == set()
    anchors = Page(text_of(site, "reference/checks.html")).anchors
    assert {t.name for t in warehouse_tests() if t.name.replace("_", "-") not in anchors} == set()
    published = text_of(site, "reference/tables/published.html")
    assert {t.name for t in PUBLISHED_TABLES if f"published.{t.name}" not in published} == set()
    configuration = text_of(site, "reference/configuration.html")
    assert {s.variable for s in SETTINGS.values() if s.variable not in configuration} == set()


def test_the_index_leads_to_each_of_a_newcomers_nine_questions(site):
    questions = (
        text_of(site, "index.html").split("Questions that newcomers ask")[1].split("</ol>")[0]
    )
    items = questions.split("<li>")[1:]
    assert len(items) == 9 and all('href="' in item for item in items)


WIDE = (
    "curated.comparison",
    "curated.two_sided_truth",
    "curated.provider_exposure",
    "core.setting_history",
)
"""Tables with many columns."""

OVERRUNS = """() => {
  document.querySelectorAll("details").forEach(one => one.open = true);
  const edge = document.querySelector("article").getBoundingClientRect().right + 1;
  return [...document.querySelectorAll("article table, article pre, article img")]
    .filter(one => one.getBoundingClientRect().right > edge || one.scrollWidth > one.clientWidth + 2)
    .map(one => one.tagName + " " + one.className + " " + one.innerText.slice(0, 40));
}"""


def test_nothing_on_a_page_is_wider_than_the_page(site):
    """Tables, grids and code are read without scrolling sideways, in a browser window of an
    ordinary width.
    """
    program = next(
        (path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None
    )
    if program is None:
        pytest.skip("Chromium is not on this machine (`make system` as root installs it)")
    names = [
        "tutorial",
        "reference/configuration",
        "reference/tables/staging",
        "reference/returns/placements_standard",
    ]
    names += [f"reference/tables/{name}" for name in WIDE]
    with sync_playwright() as running:
        browser = running.chromium.launch(
            executable_path=program, args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        found = {}
        for name in names:
            page.goto((site / f"{name}.html").as_uri())
            found[name] = page.evaluate(OVERRUNS)
        page.goto((site / "search.html").as_uri() + "?q=vacancy_rate")
        page.wait_for_selector("#search-results li")
        first = page.get_attribute("#search-results li a", "href")
        browser.close()
    assert {name: wide for name, wide in found.items() if wide} == {}
    assert first == "reference/dictionary.html#term-vacancy_rate", (
        "a search, from the file system, leads to a column's meaning"
    )


# --- what it is made of
# -----------------------------------------------------------------------------


def test_a_link_to_a_file_that_is_no_page_is_refused():
    assert (
        with_links("[a](../dbt_like_sql/README.md#grain)", "docs/x.md")
        == "[a](sql_models.md#grain)"
    )
    assert with_links("[a](../querying.md)", "docs/how_to/x.md") == "[a](../querying.md)"
    assert with_links("[a](docs/querying.md)", "CONTRIBUTING.md") == "[a](querying.md)"
    with pytest.raises(SiteError, match=r"Makefile, which is no page"):
        with_links("[a](../Makefile)", "docs/x.md")


def test_every_path_that_the_pages_name_is_there():
    """`assets/…`, `schemas/…` and so on: a file that was moved is moved in what is written of it."""
    named = re.compile(
        r"`((?:assets|schemas|resources|pipelines|made_up|dbt_like_sql|tests|benchmarks|deployment|docs)/[\w./-]*)`"
    )
    new = set(
        re.findall(r"`([^`]+)`, new", (ROOT / "docs/adding_an_indicator.md").read_text("utf-8"))
    )
    lost = {
        (path.name, name)
        for path in WRITTEN
        for name in named.findall(path.read_text(encoding="utf-8"))
        if not (ROOT / name).exists()
    }
    assert {(page, name) for page, name in lost if name not in new} == set()


TYPED = re.compile(r"^[`\s]*(?:\.venv/bin/)?observatory ([a-z][a-z-]+)([^`\n]*)", re.M)
"""A command as a page has it: in a block or between backticks, its options behind it."""


def typed_commands() -> list[tuple[str, str, str]]:
    """Page, subcommand and the rest of every `observatory` command in a block or between backticks."""
    found = []
    for path in WRITTEN:
        text = path.read_text(encoding="utf-8")
        codes = [
            *re.findall(r"^(?:    |```\w*\n).*", text, re.M),
            *re.findall(r"`[^`\n]+`", text),
            *re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S),
        ]
        found += [(path.name, name, rest) for code in codes for name, rest in TYPED.findall(code)]
    return sorted(set(found))


def test_every_command_that_the_pages_type_exists_with_its_options():
    commands = {name: cli.get_command(None, name) for name in cli.list_commands(None)}
    typed = typed_commands()
    assert {(page, name) for page, name, _ in typed if name not in commands} == set()
    options = {
        name: {o for p in command.params for o in (*p.opts, *p.secondary_opts)} | {"-h", "--help"}
        for name, command in commands.items()
    }
    wrong = {
        (page, name, o)
        for page, name, rest in typed
        for o in re.findall(r"(?<!\S)--[a-z-]+", rest.split("#")[0])
        if o not in options[name]
    }
    assert wrong == set()
    assert {name for _, name, _ in typed} >= {"run", "approve", "check", "query", "grant"}


ASKED = re.compile(r"observatory query \"(select .*?)\"", re.S)


def test_every_question_that_the_pages_ask_names_tables_and_columns_that_there_are():
    columns = {"raw": raw_columns()}
    for (schema, name), understood in understandings().items():
        columns.setdefault(schema, {})[name] = understood.types
    for table in PYTHON_TABLES.values():
        columns[table.schema][table.name] = table.types
    columns["curated"]["homes_opening_soon"] = dict.fromkeys(
        ("authority_name", "homes_opening", "beds_opening"), "text"
    )  # the page that adds it
    known = MappingSchema(columns, dialect="postgres")
    questions = [
        (path.name, sql)
        for path in WRITTEN
        for sql in ASKED.findall(path.read_text(encoding="utf-8"))
        if sql != "select ..."
    ]
    assert len(questions) >= 6
    for page, sql in questions:
        tree = qualify(
            sqlglot.parse_one(sql, dialect="postgres"),
            schema=known,
            dialect="postgres",
            validate_qualify_columns=True,
        )
        assert {(t.db, t.name) for t in tree.find_all(sqlglot.exp.Table)} <= {
            (s, t) for s, of in columns.items() for t in of
        }, page


def test_every_target_of_make_that_the_pages_name_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    named = {
        (p.name, t)
        for p in WRITTEN
        for t in re.findall(r"(?:^    |`)make ([a-z]+)", p.read_text(encoding="utf-8"), re.M)
    }
    assert {(page, target) for page, target in named if target not in targets} == set() and len(
        named
    ) > 5


def test_the_grids_of_all_cases_are_narrow_and_lose_no_cell():
    wide = []
    for name, documents in cases._documents().items():
        for document in documents:
            for case in document["case"]:
                texts = [
                    case["expect"],
                    *(t for grids in case.get("given", {}).values() for t in grids.values()),
                ]
                for text in texts:
                    header, rows = cases.grid(text)
                    same, grids = cases.narrowed(header, rows)
                    wide += [
                        (name, grid.header)
                        for grid in grids
                        if grid.width > cases.WIDEST and len(grid.header) > 2
                    ]
                    if rows:
                        shown = {
                            n
                            for g in grids
                            for n in (g.header if not g.turned else [row[0] for row in g.rows])
                        }
                        assert shown | set(same) | {"row", "column"} == set(header) | {
                            "row",
                            "column",
                        }
    assert wide == []


def test_a_wide_grid_is_cut_or_turned_and_what_is_the_same_is_said_once():
    header = tuple(f"a_rather_long_column_{n}" for n in range(14))
    few = [tuple(f"r{row}c{n}" for n in range(14)) for row in range(2)]
    same, [turned] = cases.narrowed(("census_date", *header), [("2025-03-31", *row) for row in few])
    assert same == {"census_date": "2025-03-31"} and turned.turned
    assert turned.rows[3] == ("a_rather_long_column_3", "r0c3", "r1c3")
    many = [tuple(f"r{row}c{n}" for n in range(14)) for row in range(30)]
    _, parts = cases.narrowed(header, many)
    assert len(parts) > 1 and all(
        part.width <= cases.WIDEST and part.rows[29][0] == "30" for part in parts
    )
    assert "".join(cases._html_of(parts[0])).count("<tr>") == 31


def test_the_picture_shows_the_rooms_the_packages_and_the_numbers_of_tables():
    drawn = picture.svg()
    for room, packages in picture.packages().items():
        assert f">{room}<" in drawn
        assert all(package in drawn for package in packages)
    assert f">{sum(m.schema == 'staging' for m in models().values())} tables<" in drawn
    assert ("assets", "schemas") in picture.imports() and (
        "schemas",
        "assets",
    ) not in picture.imports()
    assert ("staging", "curated") in picture.reads()
    assert picture.nearest({("a", "b"), ("b", "c"), ("a", "c")}) == {("a", "b"), ("b", "c")}


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(SiteError, match="holds what is no site"):
        make(tmp_path)
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "mine"
