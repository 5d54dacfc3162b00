"""Intents with descriptions: ``intents.yaml``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from model.datasets.entry import DESCRIPTION
from model.datasets.readers import Example, Reading, ReadOptions, read
from model.errors import DataError

YAML = """\
order_tracking:
  description: Where a parcel is
greeting:
  description: Saying hello
  utterances:
    - hi
    - hello there
"""


def reading_of(path: Path, text: str, options: ReadOptions = ReadOptions()) -> Reading:  # noqa: B008 - frozen
    path.write_text(text)
    return read(path, options)


def pairs(examples: tuple[Example, ...]) -> list[tuple[str, str]]:
    return [(each.text, each.intent) for each in examples]


def test_intents_have_descriptions_and_utterances(tmp_path):
    """Either may be missing; each has the line on which it begins."""
    path = tmp_path / "intents.yaml"
    reading = reading_of(path, YAML)

    assert reading.formats == ("intents with descriptions",)
    assert reading.descriptions == (
        Example("Where a parcel is", "order_tracking", path, 2, DESCRIPTION),
        Example("Saying hello", "greeting", path, 4, DESCRIPTION),
    )
    assert reading.examples == (
        Example("hi", "greeting", path, 6),
        Example("hello there", "greeting", path, 7),
    )
    assert reading.problems == reading.notes == ()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param(
            "intents.yaml",
            "version: 1\nintents:\n  a: Saying hello\n  b: [bye]\n",
            id="below-a-key",
        ),
        pytest.param(
            "intents.yml", "a:\n  description: Saying hello\nb:\n  examples: [bye]\n", id="examples"
        ),
        pytest.param(
            "intents.json",
            '{"intents": {"a": {"description": "Saying hello"}, "b": {"utterances": "bye"}}}',
            id="json",
        ),
    ],
)
def test_similar_shapes_are_read(tmp_path, name, text):
    """Below ``intents``, an intent may be its description or the list of its utterances."""
    reading = reading_of(tmp_path / name, text)

    assert pairs(reading.descriptions) == [("Saying hello", "a")]
    assert pairs(reading.examples) == [("bye", "b")]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a:\n  utterances: [hi]\nb:\n  examples: [bye]\n", id="objects"),
        pytest.param("intents:\n  a: [hi]\n  b: [bye]\n", id="lists-below-a-key"),
    ],
)
def test_utterances_are_enough(tmp_path, text):
    """No intent needs a description."""
    reading = reading_of(tmp_path / "intents.yaml", text)

    assert pairs(reading.examples) == [("hi", "a"), ("bye", "b")]


def test_what_is_not_used_is_named(tmp_path):
    """Nothing is lost silently."""
    path = tmp_path / "intents.yaml"
    text = (
        "intents:\n"
        "  a:\n    description: Saying hello\n    slots: [name]\n"
        "  b:\n  out_of_scope:\n    description: All else\n    utterances: [what is love]\n"
        "rules: [x, y]\n"
    )
    reading = reading_of(path, text)

    assert pairs(reading.descriptions) == [("Saying hello", "a")]
    assert pairs(reading.examples) == [("what is love", "out_of_scope")]
    assert [str(note) for note in reading.notes] == [
        f"{path}:5: b has neither a description nor utterances",
        f"{path}:4: left out: slots (1)",
        f"{path}:7: left out: description of out_of_scope (1)",
        f"{path}:9: left out: rules (2)",
    ]


def test_description_that_is_no_text_is_a_problem(tmp_path):
    """It has file and line, as any entry that can't be read."""
    path = tmp_path / "intents.yaml"
    reading = reading_of(path, "intents:\n  a: Saying hello\n  b:\n    description: [x]\n")

    assert [str(each) for each in reading.problems] == [f"{path}:4: no text"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("tool:\n  description: x\n  version: 2\n", id="other-keys"),
        pytest.param("name: x\ndescription: y\n", id="texts-at-the-top"),
        pytest.param("a: [hi]\n", id="no-description"),
        pytest.param("data:\n  examples: [{text: hi, intent: a}]\n", id="records"),
    ],
)
def test_other_files_are_not_recognised(tmp_path, text):
    """Settings of other programs have descriptions too."""
    with pytest.raises(DataError, match="no training data that is recognised"):
        reading_of(tmp_path / "other.yaml", text)


@pytest.mark.parametrize("value", [True, 5, {"a": 1}, [["hi"]]])
def test_objects_without_texts_are_not_recognised(tmp_path, value):
    """They are no intents."""
    with pytest.raises(DataError, match="no training data that is recognised"):
        reading_of(tmp_path / "other.json", json.dumps({"data": {"utterances": value}}))


def test_format_can_be_insisted_on(tmp_path):
    """Then another shape is an error that says what is missing."""
    reading = reading_of(tmp_path / "a.yaml", "- a\n", ReadOptions(format="described"))

    assert [each.message for each in reading.problems] == [
        "holds no intents with a description each"
    ]
