"""Label Studio's tasks, whose keys are those of the project."""

from __future__ import annotations

import json

import pytest

from model.datasets.readers import ReadOptions, read


@pytest.mark.parametrize(
    ("data", "column", "expected"),
    [
        pytest.param({"tweet": "hi", "id": 7}, None, ["hi"], id="only-text"),
        pytest.param({"tweet": "hi", "text": "hello"}, None, ["hello"], id="usual-name"),
        pytest.param({"tweet": "hi", "text": "hello"}, "tweet", ["hi"], id="chosen"),
        pytest.param({"tweet": "hi", "author": "me"}, None, [], id="two-texts"),
        pytest.param({"tweet": "hi"}, "post", [], id="chosen-and-missing"),
    ],
)
def test_text_of_a_task(tmp_path, data, column, expected):
    """The key is chosen, usual, or that of the only text."""
    result = [{"type": "choices", "value": {"choices": ["greet"]}}]
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps([{"data": data, "annotations": [{"result": result}]}]))

    reading = read(path, ReadOptions(text_column=column))

    assert [example.text for example in reading.examples] == expected
    assert len(reading.problems) == 1 - len(expected)
