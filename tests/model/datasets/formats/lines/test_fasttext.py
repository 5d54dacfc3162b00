"""The lines of fastText."""

from __future__ import annotations

import pytest

from model.datasets.readers import ReadOptions, read


@pytest.mark.parametrize("name", ["data.txt", "data.train", "data.csv"])
def test_label_is_the_intent(tmp_path, name):
    """It may stand before or behind the text; blank lines are skipped."""
    path = tmp_path / name
    path.write_text("__label__greet Hi, there!\n\nso long __label__say_bye\n")

    reading = read(path)

    assert reading.formats == ("fastText",)
    assert [(each.text, each.intent, each.line) for each in reading.examples] == [
        ("Hi, there!", "greet", 1),
        ("so long", "say_bye", 3),
    ]


def test_table_of_such_labels_is_a_table(tmp_path):
    """A comma behind the first label separates cells."""
    path = tmp_path / "data.csv"
    path.write_text("__label__greet,hello there\n__label__leave,so long\n__label__greet,hi\n")

    assert [(each.text, each.intent) for each in read(path).examples] == [
        ("hello there", "__label__greet"),
        ("so long", "__label__leave"),
        ("hi", "__label__greet"),
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        pytest.param("__label__a __label__b hi", "has several intents: a, b;", id="two-labels"),
        pytest.param("hi", "no intent", id="no-label"),
        pytest.param("__label__a", "no text", id="no-text"),
    ],
)
def test_other_lines_are_problems(tmp_path, line, message):
    """An utterance has one intent."""
    path = tmp_path / "data.txt"
    path.write_text(f"__label__greet hi\n{line}\n")

    [problem] = read(path).problems

    assert str(problem).startswith(f"{path}:2: {message}")


def test_format_can_be_insisted_on(tmp_path):
    """Another file has a problem that says what is missing."""
    path = tmp_path / "data.txt"
    path.write_text("hi\n")

    [problem] = read(path, ReadOptions(format="fasttext")).problems

    assert "holds no words __label__NAME" in str(problem)
