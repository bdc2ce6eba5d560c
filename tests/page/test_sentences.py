"""Every sentence of every page of a made-up region, read by rules: what is said is so, and worth saying of a place of that size.

Other sizes by hand: OBSERVATORY_SENTENCES_SCALE=0.3 pytest tests/page/test_sentences.py.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from assets.intake.loading import take_in
from assets.page.site import bring_sites_up_to_date
from assets.publication.release import make_release
from assets.warehouse.building import build_quarter
from resources.landing import LandingPlace
from resources.made_up import make_region
from resources.warehouse import Warehouse
from schemas.regions import load_region
from tests.conftest import KEY

SCALE = float(os.environ.get("OBSERVATORY_SENTENCES_SCALE", "0.05"))
WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
THINGS = "places|homes|children|settings|authorities|quarters|returns|placements|groups|more|years|households|carers"


class Blocks(HTMLParser):
    """The text of each block of a page, and of each answer: its question, figure and words in one."""

    BLOCKS = frozenset({"p", "li", "h1", "h2", "h3", "caption", "summary", "dt", "dd", "figcaption", "text", "th"})
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
    return bool(found and found[1] in WORDS and number(found[1]) >= number(found[2])) or bool(re.search(r"largest .* (?:hold|holds) 100\s?%", said))


def counts_of_more_than_all(said: str) -> bool:
    """`12 of 10 places`, `0 of 0`."""
    pairs = re.findall(r"\b(\d[\d,]*) of (?:the |its |their |all )?(\d[\d,]*)\b", said)
    return any(number(part) > number(whole) or number(whole) == 0 for part, whole in pairs)


def many_of_one(said: str) -> bool:
    return bool(re.search(rf"(?<![\d.,])1 (?:{THINGS.replace('|more', '')})\b(?!['\u2019])", said)) and "1 or more" not in said


def cut_short(said: str) -> bool:
    """A bracket that does not end; a text that stops at a comma. (Items of a list end in semicolons.)"""
    return said.count("(") != said.count(")") or said.count("[") != said.count("]") or said.endswith((",", "(", " -"))


LEFT_OVER = re.compile(rf"\bNone (?:{THINGS})\b|\b(?:nan|NaN|null|True|False|undefined)\b" + r"|\{\{|\}\}|\.\.(?!\.)| ,|,,|  ")


def left_over(said: str) -> bool:
    """What a program says, not a person."""
    return bool(LEFT_OVER.search(said))


def share_above_all(said: str) -> bool:
    return any(float(n.replace(",", "")) > 100 for n in re.findall(r"(\d[\d,]*(?:\.\d+)?)\s?% of the (?:places|children)", said))


RULES: list[Callable[[str], bool]] = [largest_of_fewer, counts_of_more_than_all, many_of_one, cut_short, left_over, share_above_all]

ANSWERS = {"Which are empty?": re.compile(r"empty|nobody living|not shown|not known|rounds to 0")}


@pytest.fixture(scope="module")
def pages(servers, tmp_path_factory) -> dict[str, str]:
    root = tmp_path_factory.mktemp("demo")
    dates = [dt.date(2025, 9, 30), dt.date(2025, 12, 31)]
    make_region(root / "landing", quarters=2, last=dates[-1], seed=1, scale=SCALE)
    address, region = servers.fresh("embedded"), load_region("north_west")
    with Warehouse(address) as warehouse:
        for date in dates:
            take_in(warehouse, LandingPlace(str(root / "landing")), date, KEY)
            assert not build_quarter(warehouse, date, region).blocked_by
            assert make_release(warehouse, date, region, root / "releases")
        bring_sites_up_to_date(warehouse, region, root / "releases", said=lambda _: None)
    servers.drop("embedded", address)
    return {str(Path(path).relative_to(root)): path.read_text(encoding="utf-8") for path in (root / "releases").rglob("*.html")}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_sentence_is_one_that_may_be_written(pages, rule):
    assert len(pages) > 50
    wrong = {said: page for page, text in pages.items() for said in sentences(text) if rule(said)}
    assert wrong == {}


def test_an_answer_speaks_of_what_is_asked(pages):
    read = 0
    for page, text in pages.items():
        said = sentences(text)
        for place, block in enumerate(said):
            if block in ANSWERS:
                read += 1
                assert ANSWERS[block].search(" ".join(said[place + 1 : place + 3])), (page, said[place : place + 3])
    assert read > 10


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (largest_of_fewer, "The ten largest owner groups of 6 hold 100 % of the places in Bury's children's homes."),
        (largest_of_fewer, "The three largest of 3 owner groups hold 90% of the places."),
        (counts_of_more_than_all, "15 of 10 places counted are empty."),
        (counts_of_more_than_all, "0 of 0 children live here."),
        (many_of_one, "It has 1 places."),
        (cut_short, "Settings in the providers' returns (premises for supported accommodation"),
        (left_over, "None places stand empty."),
        (share_above_all, "120% of the places are empty."),
    ],
)
def test_the_rules_catch_what_was_once_written(rule, said):
    assert rule(said)
