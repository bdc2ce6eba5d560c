"""What the documentation shows of files is what stands in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHOWN = re.findall(
    r"`((?:dbt_like_sql|schemas|tests)/[^`]+\.(?:sql|toml))`[^`]*```\w+\n(.*?)```", (ROOT / "docs/adding_an_indicator.md").read_text("utf-8"), re.S
)


def test_the_page_shows_the_model_its_columns_and_its_case():
    assert [path.rsplit(".", 1)[1] for path, _ in SHOWN] == ["sql", "toml", "toml"]


@pytest.mark.parametrize(("path", "block"), SHOWN, ids=[path for path, _ in SHOWN])
def test_what_is_shown_of_a_file_stands_in_it(path, block):
    assert block in (ROOT / path).read_text("utf-8")
