"""JSON with lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.datasets.documents.json_document import parse_json
from model.errors import DataError


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param('{"a":\n1,}', "d.json:2: is not JSON: Expecting property name", id="comma"),
        pytest.param("[" * 100_000, "d.json: is nested too deeply", id="deep"),
        pytest.param(f"[{'9' * 5000}]", "d.json: holds a number of too many digits", id="digits"),
    ],
)
def test_unusable_json_is_refused_in_one_line(text, message):
    """Each error of Python's decoder is an error of the data."""
    with pytest.raises(DataError) as caught:
        parse_json(text, Path("d.json"))

    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
