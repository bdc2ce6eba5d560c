"""The pages for whoever operates the observatory fit a phone as well: what is wide scrolls in a box
of its own.
"""

from __future__ import annotations

import pytest

from assets.warehouse.building import CheckResult, all_checks
from assets.warehouse.failing import failing_page, write_failing
from pipelines.metrics import write_page


@pytest.mark.parametrize("width", [320, 1280])
def test_what_is_wide_scrolls_in_a_box_of_its_own(embedded_warehouse, browser, tmp_path, width):
    with embedded_warehouse.engine.begin() as connection:
        connection.exec_driver_sql(
            "insert into raw.run values ('1', 'bring_up_to_date', '2025-06-30', '2025-12-31',"
            " now(), 180, 'done', '0.3.0')"
        )
    check = next(one for one in all_checks() if one.checks == "core.setting_return")
    keys = tuple({f"a_rather_long_column_{n}": "a long value" for n in range(9)} for _ in "12")
    outcome = CheckResult(
        check.checks, check.name, blocks=False, meaning="", offending=2, keys=keys
    )
    write_failing(tmp_path, "2025-12-31", check, outcome)
    page = browser.new_page(viewport={"width": width, "height": 700})
    for path in (
        write_page(embedded_warehouse, tmp_path),
        failing_page(tmp_path, "2025-12-31", check),
    ):
        page.goto(path.as_uri())
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{path.name}: {wide}"
    page.close()
