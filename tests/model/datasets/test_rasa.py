from __future__ import annotations

from pathlib import Path

import pytest

from model.datasets.readers import Example, read_examples
from model.errors import DataError

NLU = """version: "3.1"
nlu:
- intent: greet
  examples: |
    - hey
    - hello from [Berlin](city)
- lookup: city
  examples: |
    - Berlin
- intent: book
  metadata: {sentiment: neutral}
  examples:
  - text: |
      - a table for [two]{"entity": "number", "role": "guests"}
  - text: book it
stories: []
"""


def write(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "nlu.yml"
    path.write_text(content)
    return path


def test_examples_of_intents_are_read(tmp_path):
    """Blocks and lists of examples are read with their lines; entities become their text."""
    path = write(tmp_path, NLU)

    assert read_examples(path) == [
        Example("hey", "greet", path, 5),
        Example("hello from Berlin", "greet", path, 6),
        Example("a table for two", "book", path, 13),
        Example("book it", "book", path, 15),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("nlu: [", "nlu.yml:2: is not YAML", id="no-yaml"),
        pytest.param("- a", "nlu.yml: is in no format that is recognised", id="no-object"),
        pytest.param("nlu: all", "nlu.yml:1: nlu is no list", id="no-list"),
        pytest.param("nlu: [a]", "nlu.yml:1: an entry of nlu is no mapping", id="nothing"),
        pytest.param("a: \x01", "nlu.yml: is not YAML", id="control-character"),
        pytest.param(
            "nlu:\n- intent: a\n  examples:\n  - other: b\n", "nlu.yml:4: no text", id="no-text"
        ),
    ],
)
def test_other_files_are_refused(tmp_path, content, message):
    """Content that is not Rasa's training data is named with its line."""
    with pytest.raises(DataError) as caught:
        read_examples(write(tmp_path, content))

    assert message in str(caught.value)
