"""Sentences of Home Assistant: templates with rules, by intent."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.datasets.formats.lines.intent_files import MAX_LENGTH
from model.datasets.readers import Reading, ReadOptions, read, read_examples
from model.errors import DataError

COMMON = """language: en
expansion_rules:
  turn: (turn|switch)
  light: lamp
"""
LIGHTS = """language: en
intents:
  TurnOn:
    data:
      - sentences:
          - "<turn> on {name:lamp} [now]"
          - "activate <light>"
        slots: {domain: light}
      - requires_context: {domain: light}
      - sentences: ["(lights;please) on"]
  Nothing:
    data: []
expansion_rules:
  light: light[s]
lists:
  name: {values: [desk]}
"""


def read_sentences(folder: Path, *sentences: str, rules: str = "{}") -> Reading:
    lines = "".join(f"      - {sentence}\n" for sentence in sentences)
    path = folder / "lights.yaml"
    path.write_text(
        f"intents:\n  On:\n    data:\n    - sentences:\n{lines}expansion_rules: {rules}\n"
    )
    return read(path)


def test_folder_of_sentences_is_read(tmp_path):
    """Rules are those of the file, and of the common file beside it."""
    (tmp_path / "_common.yaml").write_text(COMMON)
    (tmp_path / "lights.yaml").write_text(LIGHTS)

    reading = read(tmp_path)

    assert reading.formats == ("Home Assistant sentences",)
    assert [(each.text, each.intent, each.line) for each in reading.examples] == [
        ("turn on {name}", "TurnOn", 6),
        ("turn on {name} now", "TurnOn", 6),
        ("switch on {name}", "TurnOn", 6),
        ("switch on {name} now", "TurnOn", 6),
        ("activate light", "TurnOn", 7),
        ("activate lights", "TurnOn", 7),
        ("lights please on", "TurnOn", 10),
    ]
    assert [note.message for note in reading.notes] == [
        "left out, as no training data: _common.yaml",
        "Nothing has no sentences",
        "left out: values of {entities}, whose names stay in the text (1)",
        "left out: lists (1)",
    ]


@pytest.mark.parametrize(
    "rules",
    ["{}", "{turn: [x]}", "[turn]", "{turn: <turn> x}", f"{{turn: {'x' * (MAX_LENGTH + 1)}}}"],
)
def test_sentence_with_a_rule_that_can_not_be_read_is_left_out(tmp_path, rules):
    """The rule may be in another file, be no template, hold itself, or be too long."""
    reading = read_sentences(tmp_path, "lights on", "<turn> on", rules=rules)

    assert [each.text for each in reading.examples] == ["lights on"]
    assert "left out: sentences with unknown, circular or too long rules (1)" in [
        n.message for n in reading.notes
    ]


def test_rules_do_not_grow_without_bound(tmp_path):
    """Each doubles a sentence's length, or more."""
    rules = f"{{a: '{'<b>' * 600}', b: '{'<c>' * 600}', c: '{'<d>' * 600}', d: x}}"

    reading = read_sentences(tmp_path, "lights on", "<a>", rules=rules)

    assert [each.text for each in reading.examples] == ["lights on"]


def test_sentence_that_is_no_text_is_named(tmp_path):
    """The others are read."""
    reading = read_sentences(tmp_path, "lights on", "[lights off]")

    assert [problem.message for problem in reading.problems] == ["a sentence of On is no text"]


def test_format_can_be_insisted_on(tmp_path):
    """Then another shape is an error that says what is missing."""
    path = tmp_path / "data.yaml"
    path.write_text("intents: {On: {data: [x, {sentences: x}]}, Off: [x]}\n")

    with pytest.raises(DataError, match="holds no intents with sentences"):
        read_examples(path, ReadOptions(format="home-assistant"))
