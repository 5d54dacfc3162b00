"""JSON pointers (RFC 6901)."""

from __future__ import annotations

import pytest

from func.protocols.json_pointer import value_at

DOCUMENT = {"a": {"b~": [1, 2]}, "c/d": 3, "~1": 4, "": 5, "e": None, "7": 6}


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        pytest.param("/a", {"b~": [1, 2]}, id="object"),
        pytest.param("/a/b~0/1", 2, id="list"),
        pytest.param("/c~1d", 3, id="slash"),
        pytest.param("/~01", 4, id="tilde-before-a-digit"),
        pytest.param("/", 5, id="empty-name"),
        pytest.param("/7", 6, id="digit-as-a-name"),
        pytest.param("/e", None, id="null"),
    ],
)
def test_pointer_names_a_value(pointer, expected):
    """``~1`` stands for a slash and ``~0`` for a tilde, which is unescaped last (section 4)."""
    assert value_at(pointer, DOCUMENT) == expected


@pytest.mark.parametrize(
    "pointer",
    [
        pytest.param("/z", id="no-such-name"),
        pytest.param("/a/b~0/2", id="beyond-the-list"),
        pytest.param("/a/b~0/-1", id="negative"),
        pytest.param("/a/b~0/01", id="leading-zero"),
        pytest.param("/a/b~0/-", id="after-the-last"),
        pytest.param("/a/b~0/\u0661", id="digit-of-another-script"),
        pytest.param(f"/a/b~0/{'9' * 5000}", id="endless-index"),
        pytest.param("/a/b~0/0/c", id="below-a-number"),
        pytest.param("/z/d", id="below-nothing"),
    ],
)
def test_pointer_may_name_nothing(pointer):
    """Such a pointer is no error; an index has ASCII digits and no leading zero (section 4)."""
    assert value_at(pointer, DOCUMENT) is None
