from __future__ import annotations

import ctypes
from types import SimpleNamespace

from func.models.allocator import return_large_blocks


def test_the_threshold_is_set():
    """Glibc accepts the threshold."""
    assert return_large_blocks()


def test_another_c_library_is_left_alone(monkeypatch):
    """A C library without mallopt is used as it is."""
    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace())
    assert not return_large_blocks()
