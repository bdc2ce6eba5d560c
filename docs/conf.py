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
# The summaries are fetched from the pages, which a browser refuses for files: without them search works from the file system.
html_show_search_summary = False
html_theme_options = {"navigation_with_keys": False}
