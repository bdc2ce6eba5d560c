"""The observatory page: a static site that shows one release to commissioners, members and the
public.

`figures` reads a release from the ledger and knows each printed figure, `wording` turns figures
into words, `drawing` into bars and tile maps, `charts` into charts with an axis, `shapes` is what a
page is made of. `headline`, `supply`, `demand` and `sections` say what the pages of the region and
of an authority show, `tracing` where a published table comes from. `site` makes and keeps the
pages, `assets` shows them to Dagster. How a page looks is in `templates`.
"""
