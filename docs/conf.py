"""Sphinx's settings for the documentation site. The site is made by `make docs` (`docs/generator`)."""

from resources.version import VERSION

project = "Regional sufficiency observatory"
author = "The regional sufficiency observatory"
version = release = VERSION
extensions = ["myst_parser"]
exclude_patterns: list[str] = []

myst_enable_extensions = ["deflist", "colon_fence"]
myst_heading_anchors = 4
highlight_language = "text"
smartquotes = False  # sentences of the program are shown as they are
pygments_style = "friendly"

html_theme = "furo"
html_title = f"Observatory {VERSION}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_copyright = False
html_show_sourcelink = False
html_copy_source = False
# The summaries are fetched from the pages, which a browser refuses for files: without them search
# works from the file system.
html_show_search_summary = False
html_theme_options = {"navigation_with_keys": False}

_contents: dict[tuple, str] = {}


def _share_contents(app, pagename, templatename, context, doctree) -> None:
    """Pages that are in no list of contents have the same list at their side, folder by folder: it
    is made once.

    To make it for each of them is a quarter of the time that the site takes.
    """
    made = context.get("toctree")
    if made is None or "orphan" not in app.env.metadata[pagename]:
        return

    def shared(**options: object) -> str:
        key = (pagename.rpartition("/")[0], *sorted(options.items()))
        if key not in _contents:
            _contents[key] = made(**options)
        return _contents[key]

    context["toctree"] = shared


def setup(app) -> None:
    """Sphinx's entry to this file."""
    app.connect("html-page-context", _share_contents, priority=100)  # before the theme asks
