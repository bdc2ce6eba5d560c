"""The small region and its pages, made once; Chromium, opened once; and every page looked at once,
for all tests to ask about.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from resources.warehouse import Warehouse
from tests.conftest import Landing
from tests.page.region import MadeUp, make_region

COLOURS = ["color-contrast", "link-in-text-block"]
"""Rules that depend on light and dark."""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="session")
def small(servers, tmp_path_factory) -> Iterator[MadeUp]:
    """The small region on the embedded server."""
    root = tmp_path_factory.mktemp("a page's folder")
    (root / "landing").mkdir()
    address = servers.fresh("embedded")
    with Warehouse(address) as warehouse:
        yield make_region(warehouse, Landing(root / "landing"), root / "releases")
    servers.drop("embedded", address)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, one for a file's tests, and closed after them: while it is open its event loop
    runs, and Dagster finds no room for its own.
    """
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed (`make dev`)"
    )
    program = next(
        (
            path
            for name in ("chromium", "chromium-browser", "google-chrome")
            if (path := shutil.which(name))
        ),
        None,
    )
    if not program:
        pytest.skip(
            "Chromium is not on this machine and this user cannot install it (`make system` as root"
            " does)"
        )
    with playwright.sync_playwright() as running:
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        opened = running.chromium.launch(executable_path=program, args=flags)
        yield opened
        opened.close()


@dataclass
class Look:
    """What was seen of one page."""

    violations: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    scripts: int = 0
    widths: dict[int, int] = field(default_factory=dict)


def look(page: Any, path: Path, folder: Path) -> Look:
    """Open a page and look at it: in light and dark, wide and at 320 pixels."""
    from axe_playwright_python.sync_playwright import Axe

    seen = Look()
    page.on("console", lambda message: seen.said.append(message.text))
    page.on("pageerror", lambda error: seen.said.append(str(error)))
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((folder.as_uri(), "data:"))
            else seen.outside.append(request.url)
        ),
    )
    page.goto(path.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    in_light = (
        Axe()
        .run(page, options={"runOnly": RULES, "resultTypes": ["violations"]})
        .response["violations"]
    )
    page.emulate_media(color_scheme="dark")
    in_dark = page.evaluate(
        "rules => axe.run(document, {runOnly: {type: 'rule', values: rules}}).then(found =>"
        " found.violations)",
        COLOURS,
    )
    for scheme, found in (("light", in_light), ("dark", in_dark)):
        seen.violations += [
            f"{scheme}: {v['id']}: {n['html'][:160]}" for v in found for n in v["nodes"]
        ]
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        seen.widths[width] = page.evaluate("document.documentElement.scrollWidth")
    seen.links = page.evaluate(
        "[...document.querySelectorAll('a[href], link[href]')].map(a => a.getAttribute('href'))"
    )
    seen.scripts = page.evaluate(
        "document.querySelectorAll('script, iframe, object, embed, form, [onload], [onerror],"
        " [style]').length"
    )
    return seen


@pytest.fixture(scope="module")
def looks(small: MadeUp, browser: Any) -> dict[str, Look]:
    """Every page of the newest release, and the contents of the releases, as they were seen."""
    small.sites().write_contents()
    paths = [
        *sorted(small.page().parent.glob("*.html")),
        small.page("changes.html", number=1),
        small.releases / "index.html",
    ]
    seen = {}
    for path in paths:
        context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="light")
        seen[str(path.relative_to(small.releases))] = look(context.new_page(), path, small.releases)
        context.close()
    return seen
