"""Freeing the disk space at the beginning of a file (a log) that another process still writes to.

Belongs here: the one call of the operating system that does it, which Python does not have.
"""

from __future__ import annotations

import ctypes
import sys

_KEEP_SIZE, _PUNCH_HOLE = 0x01, 0x02


def make_hole(handle: int, length: int) -> bool:
    """Give the disk back the first `length` bytes of an open file: they read as zeros after. Gives
    whether it could be done.
    """
    if length <= 0 or not sys.platform.startswith("linux"):
        return False
    fallocate = ctypes.CDLL(None, use_errno=True).fallocate
    fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
    return bool(fallocate(handle, _KEEP_SIZE | _PUNCH_HOLE, 0, length) == 0)
