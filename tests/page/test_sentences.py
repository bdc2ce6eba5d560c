"""Every sentence of every page of a made-up region, read by rules: what is said is so, and worth
saying of a place of that size.

Read at three sizes of the region, printed without the gate, which would take longer than all the
rest: of the smallest two quarters, with figures hidden here and there as the gate might; of the
others one, which stands for the quarter before it as well. And read as released: the pages of the
small region, through the gate and from the ledger.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from assets.intake.loading import take_in
from assets.page.figures import Edition, Table
from assets.page.site import bring_sites_up_to_date
from assets.page.site import pages as pages_of
from assets.publication.programme import PUBLISHED_TABLES
from assets.publication.tables import members_of_region, release_tables, true_tables
from assets.warehouse.building import build_quarter
from made_up import make_region
from resources.landing import LandingPlace
from resources.warehouse import Warehouse
from schemas.regions import Region, load_region
from tests.conftest import KEY, Servers

SMALL = 0.05
SCALES = (SMALL, 0.3, 1.0)
HIDDEN_HERE_AND_THERE, RELEASED = f"{SMALL}, more hidden", "released"
DATES = [dt.date(2025, 9, 30), dt.date(2025, 12, 31)]
WORDS = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
}
THINGS = "places|homes|children|settings|authorities|quarters|returns|placements|groups|more|years|households|carers"


class Blocks(HTMLParser):
    """The text of each block of a page, and of each answer: its question, figure and words in one."""

    BLOCKS = frozenset(
        {"p", "li", "h1", "h2", "h3", "caption", "summary", "dt", "dd", "figcaption", "text", "th"}
    )
    UNREAD = frozenset({"style", "script", "title"})

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[list[str]] = []
        self._unread = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._unread += tag in self.UNREAD
        if tag in self.BLOCKS:
            self._open.append([])
        elif tag == "br" and self._open:
            self._open[-1].append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._unread -= tag in self.UNREAD
        if tag in self.BLOCKS and self._open:
            said = " ".join("".join(self._open.pop()).split())
            if said:
                self.found.append(said)

    def handle_data(self, data: str) -> None:
        if self._open and not self._unread:
            self._open[-1].append(data)


def sentences(page: str) -> list[str]:
    """What a page says, block by block."""
    reader = Blocks()
    reader.feed(page)
    return reader.found


def number(text: str) -> float:
    return WORDS.get(text.lower()) or float(text.replace(",", ""))


def largest_of_fewer(said: str) -> bool:
    """`The ten largest of 6`, or all of what there is said as a part of it."""
    found = re.search(r"[Tt]he (\w+) largest (?:\w+ ){0,2}?of (\d[\d,]*)", said) or re.search(
        r"[Tt]he (\w+) largest owner groups of (\d[\d,]*)", said
    )
    return bool(found and found[1] in WORDS and number(found[1]) >= number(found[2])) or bool(
        re.search(r"largest .* (?:hold|holds) 100\s?%", said)
    )


def counts_of_more_than_all(said: str) -> bool:
    """`12 of 10 places`, `0 of 0`."""
    pairs = re.findall(r"\b(\d[\d,]*) of (?:the |its |their |all )?(\d[\d,]*)\b", said)
    return any(number(part) > number(whole) or number(whole) == 0 for part, whole in pairs)


def many_of_one(said: str) -> bool:
    return (
        bool(re.search(rf"(?<![\d.,])1 (?:{THINGS.replace('|more', '')})\b(?!['\u2019])", said))
        and "1 or more" not in said
    )


def cut_short(said: str) -> bool:
    """A bracket that does not end; a text that stops at a comma. (Items of a list end in
    semicolons.)
    """
    return (
        said.count("(") != said.count(")")
        or said.count("[") != said.count("]")
        or said.endswith((",", "(", " -"))
    )


LEFT_OVER = re.compile(
    rf"\bNone (?:{THINGS})\b|\b(?:nan|NaN|null|True|False|undefined)\b"
    + r"|\{\{|\}\}|\.\.(?!\.)| ,|,,|  "
)


def left_over(said: str) -> bool:
    """What a program says, not a person."""
    return bool(LEFT_OVER.search(said))


def share_above_all(said: str) -> bool:
    return any(
        float(n.replace(",", "")) > 100
        for n in re.findall(r"(\d[\d,]*(?:\.\d+)?)\s?% of the (?:places|children)", said)
    )


def one_said_as_many(said: str) -> bool:
    """`All 2`, `the 1 of`, `How many are free and lived in is`, `45 places of them`."""
    counted = r"\b(?:[Aa]ll (?:of the )?[012]|[Tt]he 1 of|of the 1|[Nn]one of the 1) "
    return bool(
        re.search(counted, said)
        or re.search(r"places of them\b|^How many are [^.]* and [^.]* is ", said)
    )


def said_twice(said: str) -> bool:
    """`the the`; `stands in Bury that border Bury`."""
    return bool(
        re.search(r"\b([a-z]{2,}) \1\b", said)
        or re.search(r"\bborder ([A-Z]\w+)\b.*\b(?:Beside|of) \1\b", said)
    )


def no_news(said: str) -> bool:
    """What has nothing to tell: a figure that could not be asked for, a share of a few."""
    return "does not apply" in said or bool(
        re.search(r"\b100\s?% of the \d\b|\b0\s?% of the \d\b", said)
    )


def a_names_small_letters(said: str) -> bool:
    return " " in said and bool(re.search(r"(?<![\w./:-])(?:ofsted|dfe|ons)(?![\w./:-])", said))


RULES: list[Callable[[str], bool]] = [
    largest_of_fewer, counts_of_more_than_all, many_of_one, cut_short, left_over, share_above_all, one_said_as_many, said_twice, no_news,
    a_names_small_letters,
]  # fmt: skip
CODE = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b")
"""A name that the program has for something: on an area's page, nobody's word."""

ANSWERS = {"Which are empty?": re.compile(r"empty|nobody living|not shown|not known|rounds to 0")}


@dataclass(frozen=True)
class Read:
    """The pages of a region of one size, and what each says."""

    pages: dict[str, str]
    said: dict[str, list[str]]

    @property
    def of_areas(self) -> dict[str, str]:
        """The pages of the region and of its authorities."""
        return {
            name: page
            for name, page in self.pages.items()
            if Path(name).name.startswith(("index", "authority-"))
        }


@pytest.fixture(scope="module")
def editions(servers, tmp_path_factory) -> Callable[[float], Edition]:
    """The newest quarter of a made-up region of a size, as it would be printed had the gate nothing
    to hide.
    """
    made: dict[float, Edition] = {}

    def of(scale: float) -> Edition:
        if scale not in made:
            made[scale] = edition_of(scale, servers, tmp_path_factory.mktemp("region"))
        return made[scale]

    return of


def edition_of(scale: float, servers: Servers, landing: Path) -> Edition:
    dates = DATES if scale == SMALL else DATES[-1:]
    make_region(landing, quarters=len(dates), last=DATES[-1], seed=1, scale=scale, truth=False)
    address, region = servers.fresh("embedded"), load_region("north_west")
    with Warehouse(address) as warehouse:
        for date in dates:
            take_in(warehouse, LandingPlace(str(landing)), date, KEY)
            assert not build_quarter(warehouse, date, region).blocked_by
        *earlier, newest = [printed(warehouse, region, date) for date in dates]
    servers.drop("embedded", address)
    return replace(newest, earlier=tuple(earlier) or (replace(newest, census_date=DATES[0]),))


def printed(warehouse: Warehouse, region: Region, date: dt.date) -> Edition:
    """The quarter as it would be printed, had the gate nothing to hide."""
    members = members_of_region(warehouse, date)
    frames = release_tables(
        true_tables(warehouse, date, members), members, date, method=region.disclosure
    )
    tables = {
        about.name: Table(about, frames[about.name])
        for about in PUBLISHED_TABLES
        if about.name in frames
    }
    return Edition(
        date, 1, region, tables, {"made_up": "Made-up data.", "returns": [], "gate": "passed"}
    )


def with_more_hidden(edition: Edition) -> Edition:
    """The edition with one figure in five hidden, in whole rows and singly: what the gate hides
    besides, and more.
    """
    rng = np.random.default_rng(5)
    tables = {}
    for name, table in edition.tables.items():
        frame = table.frame.copy()
        row_goes = rng.random(len(frame)) < 0.1
        for column in table.indicators:
            is_figure = frame[column].astype(str).str.fullmatch(r"[\d.]+").to_numpy(bool)
            frame[column] = (
                frame[column]
                .astype(object)
                .mask((row_goes | (rng.random(len(frame)) < 0.1)) & is_figure, "c")
            )
        tables[name] = Table(table.about, frame)
    return replace(edition, tables=tables)


@pytest.fixture(scope="module", params=[*SCALES, HIDDEN_HERE_AND_THERE, RELEASED], ids=str)
def read(request) -> Read:
    if request.param == RELEASED:
        small = request.getfixturevalue("small")
        bring_sites_up_to_date(small.warehouse, small.region, small.releases, say=lambda _: None)
        pages = {
            str(path.relative_to(small.releases)): path.read_text(encoding="utf-8")
            for path in small.releases.rglob("*.html")
        }
    else:
        edition = request.getfixturevalue("editions")(
            SMALL if request.param == HIDDEN_HERE_AND_THERE else request.param
        )
        pages = pages_of(
            with_more_hidden(edition) if request.param == HIDDEN_HERE_AND_THERE else edition, []
        )
    return Read(pages, {name: sentences(page) for name, page in pages.items()})


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_sentence_is_one_that_may_be_written(read, rule):
    assert len(read.pages) > 40
    wrong = {said: page for page, all_said in read.said.items() for said in all_said if rule(said)}
    assert wrong == {}


def test_an_answer_speaks_of_what_is_asked(read):
    asked = 0
    for page, said in read.said.items():
        for place, block in enumerate(said):
            if block in ANSWERS:
                asked += 1
                assert ANSWERS[block].search(" ".join(said[place + 1 : place + 3])), (
                    page,
                    said[place : place + 3],
                )
    assert asked > 10


def test_an_areas_page_speaks_no_programs_language(read):
    wrong = {said: page for page in read.of_areas for said in read.said[page] if CODE.search(said)}
    assert wrong == {}


def test_a_map_colours_squares_that_can_be_compared(read):
    for page, text in read.of_areas.items():
        for drawn in re.findall(r'<svg class="tiles".*?</svg>', text, flags=re.S):
            assert len(re.findall(r'<rect class="s[1-5]"', drawn)) >= 3, page


def test_no_bar_is_drawn_of_parts_whose_total_is_hidden(read):
    """A full bar of the parts that are shown would say that there are no others."""
    for page, text in read.of_areas.items():
        for table in re.findall(r'<table class="bars".*?</table>', text, flags=re.S):
            if 'class="key"' not in table or "Approved foster places" in table:
                continue
            for row in re.findall(r'<tr role="row".*?</tr>', table, flags=re.S)[1:]:
                total = re.search(r'<td class="number" role="cell">(.*?)</td>', row, flags=re.S)
                assert "[c]" not in total[1] or "<rect" not in row, (
                    page,
                    re.sub("<[^>]+>", " ", row),
                )


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (
            largest_of_fewer,
            (
                "The ten largest owner groups of 6 hold 100 % of the places in Bury's children's"
                " homes."
            ),
        ),
        (largest_of_fewer, "The three largest of 3 owner groups hold 90% of the places."),
        (counts_of_more_than_all, "15 of 10 places counted are empty."),
        (counts_of_more_than_all, "0 of 0 children live here."),
        (many_of_one, "It has 1 places."),
        (cut_short, "Settings in the providers' returns (premises for supported accommodation"),
        (left_over, "None places stand empty."),
        (share_above_all, "120% of the places are empty."),
        (one_said_as_many, "All 2 children\u2019s homes registered in Bury sent a return."),
        (
            one_said_as_many,
            "Bury stands beside the 1 of its ten statistical neighbours that is in the region.",
        ),
        (
            one_said_as_many,
            (
                "How many are lived in and free is not shown, so that nobody can be found in the"
                " figures."
            ),
        ),
        (one_said_as_many, "45 places of them cannot be offered."),
        (said_twice, "It stands in the the North West."),
        (
            no_news,
            (
                "The average weekly cost does not apply, or cannot be worked out from the returns"
                " that came."
            ),
        ),
        (no_news, "100% of the 3 children\u2019s homes sent a return."),
        (
            a_names_small_letters,
            "2 figures a row, by sector of the owner, latest overall judgement by ofsted",
        ),
    ],
)
def test_the_rules_catch_what_was_once_written(rule, said):
    assert rule(said)
