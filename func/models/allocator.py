"""Have the C library return the memory of models that are evicted."""

from __future__ import annotations

import contextlib
import ctypes

M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8  # <malloc.h>
# The arrays of a model of the usual size are larger, those of one prediction smaller.
LARGE = 100 * 1024
HEAPS = 2


def return_large_blocks() -> bool:
    """Have large blocks returned to the system when they are freed; return whether that works.

    By default glibc raises its threshold for large blocks to 32 MB once such blocks have been freed
    (mallopt(3)): the memory of evicted models stays in the heaps of the threads that loaded them.
    With few heaps, the next load uses the memory of freed smaller blocks again.
    """
    with contextlib.suppress(AttributeError):  # of a C library without mallopt
        mallopt = ctypes.CDLL(None).mallopt
        return bool(mallopt(M_MMAP_THRESHOLD, LARGE) and mallopt(M_ARENA_MAX, HEAPS))
    return False
