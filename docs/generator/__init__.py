"""The documentation site: `python -m docs.generator` (or `make docs`) makes it in `site/`.

Belongs here: what is drawn from the data and the code when the site is made (the reference, the
picture),
and calling Sphinx. Does not belong here: pages written by hand (`docs/*.md`), or a fact about the
observatory; each is read from where it is kept.
"""
