from __future__ import annotations

from pathlib import Path

import pytest

from model.datasets.contrast import (
    ContrastText,
    ContrastTraining,
    read_contrast,
    read_contrast_training,
    unused_kinds,
)
from model.datasets.entry import Example
from model.errors import DataError


@pytest.fixture
def folder(tmp_path) -> Path:
    """Two contrast sets, and a file that is none."""
    (tmp_path / "two_intents.csv").write_text("text,intent\na and b,a\na and b,b\nb,b\n")
    (tmp_path / "negated.jsonl").write_text('{"text": "no a", "intent": "out_of_scope"}\n')
    (tmp_path / "README").write_text("what each kind should give")
    return Path(tmp_path)


def test_each_file_is_a_contrast_set(folder):
    """The file's name is that of the set; a text with several labels may have any of them."""
    sets = read_contrast(folder, {"a", "b"})

    assert sets == {
        "negated": (ContrastText("no a", frozenset({"out_of_scope"})),),
        "two intents": (
            ContrastText("a and b", frozenset({"a", "b"})),
            ContrastText("b", frozenset({"b"})),
        ),
    }


def test_missing_folder_holds_no_contrast_sets(tmp_path):
    """Most data has none."""
    assert read_contrast(tmp_path / "contrast_test", {"a"}) == {}


def test_unknown_labels_are_refused(folder):
    """A label must be an intent of the training data, or out_of_scope."""
    with pytest.raises(DataError) as caught:
        read_contrast(folder, {"a"})

    assert [str(problem) for problem in caught.value.problems] == [
        f"{folder / 'two_intents.csv'}:{line}: b is no intent of the training data"
        for line in (3, 4)
    ]


def test_training_texts_are_utterances_or_of_a_kind(folder):
    """Texts that have an intent are utterances; the others are kept by the file's name."""
    training = read_contrast_training(folder, {"a", "b"})

    assert [(each.text, each.intent) for each in training.utterances] == [
        ("a and b", "a"),
        ("a and b", "b"),
        ("b", "b"),
    ]
    negated = Example("no a", "out_of_scope", folder / "negated.jsonl", 1)
    assert training.out_of_scope == {"negated": (negated,), "two intents": ()}


@pytest.mark.parametrize(
    ("count", "ordinary", "warnings"),
    [
        pytest.param(20, 20, [], id="enough"),
        pytest.param(0, 0, [], id="intents-alone"),
        pytest.param(
            19,
            20,
            ["few.csv: 19 out-of-scope texts, 20 are needed to learn from them; left out"],
            id="few",
        ),
        pytest.param(
            1,
            20,
            ["few.csv: 1 out-of-scope text, 20 are needed to learn from them; left out"],
            id="one",
        ),
        pytest.param(
            30,
            19,
            [
                "few.csv: 30 out-of-scope texts, 20 ordinary ones are needed beside them; left out",
            ],
            id="few-ordinary-ones",
        ),
    ],
)
def test_kinds_that_are_not_trained_on_are_warned_of(count, ordinary, warnings):
    """A kind needs twenty texts, and twenty ordinary out-of-scope texts beside it."""
    texts = tuple(
        Example(f"no {line}", "out_of_scope", Path("few.csv"), line) for line in range(count)
    )
    training = ContrastTraining(out_of_scope={"few": texts})

    assert [str(each) for each in unused_kinds(training.out_of_scope, ordinary)] == warnings
