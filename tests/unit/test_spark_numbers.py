"""Numbers come back from Spark as they are, however small (`assets/warehouse/spark`)."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest

from assets.warehouse.spark import _for_postgres

NUMBERS = ["0", "1000", "4.5", "-0.1", *(f"{sign}1e-{n}" for n in range(6, 13) for sign in "-+")]


@pytest.mark.parametrize("number", [*NUMBERS, "5e-10", "-5e-10", "1.10"])
def test_a_number_comes_back_as_it_is(number):
    """Arrow writes a very small one with an exponent, whose nought at its end is no decimal."""
    rows = pa.table({"n": pa.array([Decimal(number)], pa.decimal128(24, 12))})
    (back,) = _for_postgres(rows).column("n").to_pylist()
    assert Decimal(back) == Decimal(number)
