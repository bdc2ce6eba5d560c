"""Damaged returns, singly and stacked: no crash, balanced books, and every planted fault found with
its row named.
"""

from __future__ import annotations

import pytest

from assets.intake import reading
from tests.damage import KINDS, faults, make


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_damage_is_found(kind):
    tried = 0
    for seed in range(40):
        made, kinds = make(seed, [kind])
        if kinds:
            tried += 1
            assert faults(made, kinds) == [], (seed, made.table)
        if tried == 6:
            break
    assert tried >= 3


@pytest.mark.parametrize("by_column_from", [0, reading.READ_BY_COLUMN_FROM])
def test_stacked_damage_is_found(by_column_from, monkeypatch):
    monkeypatch.setattr(reading, "READ_BY_COLUMN_FROM", by_column_from)
    for seed in range(1000, 1200) if by_column_from else range(1200, 1400):
        made, kinds = make(seed)
        assert faults(made, kinds) == [], (seed, made.table, kinds)
