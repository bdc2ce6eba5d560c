"""Making the site: the pages written by hand and the generated ones are put in one folder, and
Sphinx makes HTML of it.

Belongs here: which files are pages, mending their links, calling Sphinx.
Does not belong here: what generated pages say (`tables`, `returns`, `running`, `picture`),
Sphinx's settings (`docs/conf.py`).
"""

from __future__ import annotations

import contextlib
import io
import posixpath
import re
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

from docs.generator import picture, returns, running, tables

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
BESIDE = {
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "dbt_like_sql/README.md": "sql_models.md",
}
"""Pages that are kept elsewhere in the repository, and what they are called in the site."""

_LINK = re.compile(r"(\]\()([^)#\s:]+)(#[^)\s]*)?(\))")
_RETURN = re.compile(r"schemas/returns/(\w+)\.toml")


class SiteError(Exception):
    """The site could not be made; says what was wrong."""


def place_of(path: str) -> str | None:
    """Where in the site a file of the repository is; None where it is in none."""
    if path in BESIDE:
        return BESIDE[path]
    if path == "README.md":
        return "index.md"
    if found := _RETURN.fullmatch(path):
        return f"reference/returns/{found[1]}.md"
    return path.removeprefix("docs/") if path.startswith("docs/") else None


def with_links(text: str, path: str) -> str:
    """A page of the repository with its links to other files as they are in the site.

    Raises:
        SiteError: it links to a file that is in no site.
    """
    here = posixpath.dirname(place_of(path) or "")

    def mended(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), found[2]))
        place = place_of(target)
        if place is None:
            raise SiteError(
                f"{path} links to {found[2]}, which is no page of the site. Name the file instead."
            )
        return f"{found[1]}{posixpath.relpath(place, here or '.')}{found[3] or ''}{found[4]}"

    return _LINK.sub(mended, text)


def write_source(folder: Path) -> None:
    """All pages of the site, as Markdown, into a folder."""
    for path in sorted(DOCS.rglob("*")):
        name = path.relative_to(DOCS)
        if (
            path.is_dir()
            or name.parts[0] == "generator"
            or path.suffix in {".py", ".pyc"}
            and path.name != "conf.py"
        ):
            continue
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".md":
            target.write_text(
                with_links(path.read_text(encoding="utf-8"), f"docs/{name.as_posix()}"),
                encoding="utf-8",
            )
        else:
            shutil.copy(path, target)
    for path, name in BESIDE.items():
        (folder / name).write_text(
            with_links((ROOT / path).read_text(encoding="utf-8"), path), encoding="utf-8"
        )
    for name, text in {**tables.pages(), **returns.pages(), **running.pages()}.items():
        target = folder / f"{name}.md"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    (folder / "images/architecture.svg").write_text(picture.svg(), encoding="utf-8")


@contextlib.contextmanager
def _without_deprecations() -> Iterator[None]:
    """What Sphinx's parts say to each other of their next versions is not about the pages."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        yield


def make(out: Path) -> None:
    """Make the site in `out`, anew.

    Raises:
        SiteError: Sphinx had something to complain of, or the folder holds something else.
    """
    if out.exists() and any(out.iterdir()) and not (out / ".buildinfo").is_file():
        raise SiteError(
            f"{out} holds what is no site; a folder that is empty or not there was expected."
        )
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "source")
        source.mkdir()
        write_source(source)
        complaints = io.StringIO()
        with (
            docutils_namespace(),
            _without_deprecations(),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            app = Sphinx(
                source,
                source,
                Path(folder, "html"),
                Path(folder, "doctrees"),
                "html",
                warning=complaints,
                status=None,
            )
            app.build(force_all=True)
        if said := complaints.getvalue().replace(f"{source}/", ""):
            raise SiteError(said)
        if out.exists():
            shutil.rmtree(out)
        shutil.copytree(Path(folder, "html"), out)
