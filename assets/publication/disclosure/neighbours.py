"""Which figures are of the same few authorities, so that a count can be moved among these alone.

Belongs here: the authorities that each figure is of. Does not belong here: moving it (`search`).

Most counts move by changing places with another of a few authorities. In a nation whatever is tied
to one is nearly everything; of a dozen authorities and what is of them together it is little.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from assets.publication.disclosure.knowledge import System

_TOGETHER = 12
"""Authorities, next to each other by their codes, that are taken as one."""
_NOBODY = -1
"""In the place of authorities: of a region's figure, and of what is of several of them."""


class Neighbours:
    """The figures of a system by the authorities that they are of, a dozen at a time.

    A figure is of its area and, in a flow, of the other authority that its key names.
    """

    def __init__(self, system: System) -> None:
        cells, count = system.cells, len(system.low)
        codes = sorted({*cells["area"].unique()} - {""})
        dozen = {code: n // _TOGETHER for n, code in enumerate(codes)}
        named = {name: dozen[code] for name, code in system.authorities.items() if code in dozen}
        variable = cells["variable"].to_numpy()
        self._own, self._other = np.full((2, count), _NOBODY)
        self._own[variable] = cells["area"].map(dozen).fillna(_NOBODY).astype(int)
        self._other[variable] = cells["key"].map(named).fillna(_NOBODY).astype(int)
        printed = int(variable.max(initial=-1)) + 1
        self._own[printed:] = _of_rests(system.matrix, self._own[:printed])

    def of(self, variable: int) -> np.ndarray:
        """A flag a variable: whether it is of nobody but the authorities of this one (of the first
        ones where that is a region's).
        """
        both = {int(self._own[variable]), int(self._other[variable])} - {_NOBODY} or {0}
        among = [_NOBODY, *both]
        near: np.ndarray = np.isin(self._own, among) & np.isin(self._other, among)
        return near


def _of_rests(matrix: sp.csr_matrix, own: np.ndarray) -> np.ndarray:
    """Whose each rest is (the variables behind those that are printed): the authorities that all
    figures in its rows are of, where these are the same.
    """
    printed = len(own)
    rests = matrix[:, printed:].tocsc()
    beside = (rests != 0).T.astype("int32") @ (matrix[:, :printed] != 0).astype("int32")
    beside = beside.tocsr()
    whose, of = own[beside.indices], np.repeat(np.arange(beside.shape[0]), np.diff(beside.indptr))
    is_known = whose != _NOBODY
    least, most = np.full((2, beside.shape[0]), _NOBODY)
    least[:] = own.max(initial=0) + 1
    np.minimum.at(least, of[is_known], whose[is_known])
    np.maximum.at(most, of[is_known], whose[is_known])
    return np.where(least == most, most, _NOBODY)
