"""The C library's memory, which should shrink when a model leaves."""

from __future__ import annotations

import contextlib
import ctypes

M_MMAP_THRESHOLD = -3  # <malloc.h>
LARGE = 256 * 1024


def return_large_blocks() -> bool:
    """Have large blocks returned to the system when they are freed; return whether that works.

    By default glibc raises this threshold to 32 MB once such blocks have been freed, and keeps the
    memory of models that have left in the heaps of the threads that loaded them (mallopt(3)).
    """
    with contextlib.suppress(AttributeError):  # of a C library without mallopt
        return bool(ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE))
    return False
