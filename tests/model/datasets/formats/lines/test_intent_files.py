"""Files of templates, as Mycroft and OVOS train on them."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.datasets.formats.lines.intent_files import MAX_LENGTH, MAX_VARIANTS
from model.datasets.readers import Reading, read
from model.errors import DataError


def read_lines(folder: Path, *lines: str) -> Reading:
    path = folder / "locale" / "en-us" / "weather.intent"
    path.parent.mkdir(parents=True)
    path.write_text("".join(f"{line}\n" for line in lines))
    return read(folder)


def test_folder_of_a_skill_is_read(tmp_path):
    """The name of a file is the intent's, in each language; other files of a skill are named."""
    for name, line in {
        "locale/en-us/weather.intent": "will it rain",
        "locale/de-de/weather.intent": "regnet es",
        "locale/en-us/stop.it.intent": "stop",
        "locale/en-us/weather.dialog": "It will rain.",
        "locale/en-us/skill.json": '{"examples": ["will it rain"]}',
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"{line}\n")

    reading = read(tmp_path)

    assert reading.formats == ("Mycroft or OVOS .intent",)
    assert [(each.text, each.intent) for each in reading.examples] == [
        ("regnet es", "weather"),
        ("stop", "stop.it"),
        ("will it rain", "weather"),
    ]
    assert [note.message for note in reading.notes] == [
        "left out, as no training data: locale/en-us/skill.json"
    ]


@pytest.mark.parametrize(
    ("template", "texts"),
    [
        pytest.param("will it rain", ["will it rain"], id="plain"),
        pytest.param("(is|will) it", ["is it", "will it"], id="alternatives"),
        pytest.param("is it (very |)cold", ["is it very cold", "is it cold"], id="nothing"),
        pytest.param("is it cold [now]", ["is it cold", "is it cold now"], id="optional"),
        pytest.param("rain [today|now]", ["rain", "rain today", "rain now"], id="either-or-none"),
        pytest.param("(a|(b|c) d)  e", ["a e", "b d e", "c d e"], id="nested"),
        pytest.param("(rain)", ["rain"], id="one"),
    ],
)
def test_template_stands_for_its_variants(tmp_path, template, texts):
    """Each is an utterance, at the line of its template; blank lines and comments are none."""
    reading = read_lines(tmp_path, "# questions", "", template)

    assert [(each.text, each.line) for each in reading.examples] == [(text, 3) for text in texts]
    assert reading.problems == reading.notes == ()


def test_of_many_variants_a_sample_is_read(tmp_path):
    """It is the same each time, and a note says so."""
    reading = read_lines(tmp_path, "(a|b) " * 20)

    texts = [each.text for each in reading.examples]
    assert len(set(texts)) == len(texts) == MAX_VARIANTS
    assert read(tmp_path) == reading
    assert [note.message for note in reading.notes] == [f"{MAX_VARIANTS} variants of more are read"]


def test_names_of_entities_stay_in_the_text(tmp_path):
    """Their values are in other files."""
    reading = read_lines(tmp_path, "rain in {place}")

    assert [each.text for each in reading.examples] == ["rain in {place}"]
    assert [note.message for note in reading.notes] == [
        "left out: values of {entities}, whose names stay in the text (1)"
    ]


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("(is|will it", "a bracket is not closed: (is|will it"),
        ("rain]", "a bracket is not closed: rain]"),
        ("[]", f"is longer than {MAX_LENGTH} characters, or has no words"),
        ("a" * (MAX_LENGTH + 1), f"is longer than {MAX_LENGTH} characters, or has no words"),
    ],
    ids=["open", "closed", "empty", "long"],
)
def test_template_that_can_not_be_read_is_named(tmp_path, template, message):
    """The others are read."""
    reading = read_lines(tmp_path, "will it rain", template)

    assert [each.text for each in reading.examples] == ["will it rain"]
    assert [(each.line, each.message) for each in reading.problems] == [(2, message)]


def test_text_files_say_that_they_can_be_renamed(tmp_path):
    """Nothing in them tells which of them is an intent, and which a licence."""
    for name in ("greet.txt", "leave.txt"):
        (tmp_path / name).write_text("hi there\ngood day\n")

    with pytest.raises(DataError, match=r"a line each, are read as NAME\.intent; formats are"):
        read(tmp_path)

    (tmp_path / "menu.json").write_text('{"dishes": {}}')

    with pytest.raises(DataError, match=r"leave\.txt, menu\.json; formats are"):
        read(tmp_path)
