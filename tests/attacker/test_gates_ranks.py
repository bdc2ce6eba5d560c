"""The gate's ranks, held against those of `curated.comparison`: of every authority and figure.

What a rank tells is the gate's to say (`ranks`); that it means the figures that are ranked is said
here, by the warehouse.
"""

from __future__ import annotations

from assets.publication.disclosure import ranks
from assets.publication.disclosure.knowledge import Published, build_system
from assets.publication.programme import ranked
from assets.publication.release import crossings_of
from assets.publication.tables import members_of_region, release_tables, true_tables
from schemas.regions import load_region
from tests.conftest import KEY

NOT_PUBLISHED = {"one-bed homes", "more than 20 miles from home"}
"""No table that is published has the counts of these: the register has, and distances by type."""


def test_every_rank_of_the_warehouse_is_the_gates(world):
    date, region = world.dates[-1], load_region("north_west")
    members = members_of_region(world.warehouse, date)
    true = true_tables(world.warehouse, date, members, KEY)
    tables = release_tables(true, members, date)
    values = {name: table.values for name, table in true.items()}
    method = region.disclosure
    now = Published(date, 1, tables, method, values, crossings=crossings_of(true))
    system = build_system([now])
    given = (system.cells, system.truth, method, len(system.low), tables, values)
    gates = {}
    for figures in ranks.figures_of(*given):
        has_rank = figures.is_ranked
        shares = (figures.n / figures.d)[has_rank]
        for area, share in zip(figures.areas[has_rank], shares, strict=True):
            kind = "All" if figures.kind in ("", "Total") else figures.kind
            gates[figures.figure, kind, str(area)] = 1 + int((shares > share + 1e-12).sum())
    # authorities elsewhere are ranked among theirs, and one that has sent no SSDA903 among such:
    # nothing of these is published
    warehouse = world.warehouse.rows(
        "select c.measure, c.provision_type, c.authority_code, c.rank_in_region "
        "from curated.comparison as c inner join curated.headline_figure as f "
        "using (census_date, authority_code, measure, provision_type) "
        "where c.census_date = :d and c.rank_in_region is not null "
        "and f.covers is distinct from 'commissioned'",
        d=date,
    )
    here = set(members["authority_code"])
    expected = {
        (row.measure, row.provision_type, row.authority_code): row.rank_in_region
        for row in warehouse
        if row.authority_code in here and row.measure not in NOT_PUBLISHED
    }
    # who has had the same carer for two years is not known in one quarter
    wanted = {entry.figure for entry in ranked()} - {"same carer for two years"}
    assert wanted <= {figure for figure, _, _ in gates}
    assert gates == expected
