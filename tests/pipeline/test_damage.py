"""Damaged returns, singly and stacked: no crash, balanced books, and every planted fault found with its row named."""

from __future__ import annotations

import pytest

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


def test_stacked_damage_is_found():
    for seed in range(1000, 1400):
        made, kinds = make(seed)
        assert faults(made, kinds) == [], (seed, made.table, kinds)
