"""Files that lost data, or were refused without need, in an earlier version."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from model.datasets.dataset import Dataset, load_dataset
from model.datasets.readers import read
from model.errors import DataError

FAULTS = Path(__file__).parent / "faults"


def load(name: str) -> Dataset:
    return load_dataset(FAULTS / name, seed=0, test_size=0.2)


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        pytest.param(
            "rasa_two_files_in_one.yml",
            {"lost_card": 5, "hours": 5, "hello": 6, "bye": 6},
            id="repeated-nlu",
        ),
        pytest.param("rasa_examples_twice.yml", {"hello": 11, "bye": 6}, id="repeated-examples"),
        pytest.param("rasa_dash_without_space.yml", {"hello": 6, "bye": 8}, id="dash-and-no-space"),
        pytest.param("rasa_init_like.yml", {"hello": 6, "bye": 6, "robot": 4}, id="thin-intent"),
        pytest.param("cr_only.csv", {"hello": 5, "bye": 5}, id="carriage-returns"),
        pytest.param("intents.json", {"hello": 6, "bye": 6}, id="intents-json"),
        pytest.param("jsonl_int_label.jsonl", {"0": 6, "1": 6}, id="numbered-labels"),
    ],
)
def test_all_utterances_are_read(name, counts):
    """No utterance is lost."""
    dataset = load(name)

    assert Counter(example.intent for example in dataset.train + dataset.test) == counts


def test_thin_intent_is_reported():
    """An intent of four utterances is trained, with a warning."""
    lines = [str(warning) for warning in load("rasa_init_like.yml").warnings]

    assert (
        f"{FAULTS / 'rasa_init_like.yml'}:21: robot has 4 utterances; 20 or more do better" in lines
    )


def test_entity_markup_is_taken_out():
    """A list of annotations is not part of the text."""
    dataset = load("rasa_entity_list.yml")

    texts = {example.text for example in dataset.train + dataset.test if example.intent == "fly"}
    assert "fly to Lima please" in texts
    assert not any("[" in text or "{" in text for text in texts)


def test_out_of_scope_intent_is_used_as_such():
    """The intent out_of_scope holds out-of-scope texts."""
    dataset = load("rasa_out_of_scope.yml")

    texts = dataset.out_of_scope_validation + dataset.out_of_scope_test
    assert len(texts) == 5
    assert "tell me a joke" in texts
    assert "out_of_scope" not in {example.intent for example in dataset.train}


@pytest.mark.parametrize(
    ("name", "messages"),
    [
        pytest.param(
            "rasa_line_without_dash.yml",
            [
                "19: no dash before the example: * catch you later",
                "20: no dash before the example: see you tomorrow",
            ],
            id="line-without-dash",
        ),
        pytest.param(
            "rasa_intent_without_examples.yml",
            ["22: unknown key example; is it examples?"],
            id="misspelt-key",
        ),
        pytest.param(
            "rasa_quoted_block.yml",
            ["26: labelled bye, but line 4 labels the same text hello"],
            id="line-numbers-in-quotes",
        ),
        pytest.param(
            "two_kinds_of_errors.csv",
            ["17: no text", "14: labelled bye, but line 2 labels the same text hello"],
            id="all-at-once",
        ),
        pytest.param(
            "unquoted_comma_once.csv",
            ["14: has 3 cells, not 2: stop it, please,bye"],
            id="unquoted-comma",
        ),
        pytest.param(
            "unquoted_comma.csv",
            [
                "8: has 3 cells, not 2: stop, please,cancel",
                "9: has 3 cells, not 2: halt, please,cancel",
                "10: has 3 cells, not 2: end it, please,cancel",
                "11: has 3 cells, not 2: quit, please,cancel",
                "12: has 3 cells, not 2: abort, please,cancel",
            ],
            id="unquoted-commas",
        ),
        pytest.param(
            "odd_labels.csv",
            [
                f"{line}: the intent 'line\\nbreak' holds a control character"
                for line in range(93, 106, 2)
            ],
            id="line-break-in-a-label",
        ),
    ],
)
def test_problems_are_named(name, messages):
    """Each problem is named with its line, and belongs to a kind with a remedy."""
    with pytest.raises(DataError) as caught:
        load(name)

    assert [f"{each.line}: {each.message}" for each in caught.value.problems] == messages
    assert all(each.kind and each.kind.remedy for each in caught.value.problems)


def test_intent_without_examples_is_named():
    """Nothing is lost with an empty intent, so that a remark is enough."""
    with pytest.raises(DataError) as caught:
        load("rasa_intent_without_examples.yml")

    [warning, *_] = caught.value.warnings
    assert (warning.line, warning.message) == (19, "cancel has no examples")


def test_table_without_header_is_read():
    """Watson's CSV begins with an utterance."""
    reading = read(FAULTS / "watson_like.csv")

    assert [(each.text, each.intent) for each in reading.examples] == [
        ("where is it", "order"),
        ("hi", "greet"),
    ]
    assert "has no header" in reading.notes[0].message
