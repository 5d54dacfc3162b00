from __future__ import annotations

import json

import pytest

from model.datasets.dataset import load_dataset
from model.datasets.readers import Example, ReadOptions, read, read_examples
from model.errors import DataError


def test_splits_of_one_file_are_read(tmp_path):
    """Both out-of-scope splits that may be learnt from are put together; validation is left."""
    path = tmp_path / "data.json"
    splits = {
        "train": [["hi ", "greet"], ["bye", "leave"]],
        "val": [["hello", "greet"]],
        "oos_train": [["what is a quark", "oos"]],
        "oos_val": [["who won", "oos"]],
    }
    path.write_text(json.dumps(splits))

    reading = read(path)

    assert reading.examples == (
        Example("hi", "greet", path, 1),
        Example("bye", "leave", path, 1),
        Example("what is a quark", "out_of_scope", path, 1, "out_of_scope_validation"),
        Example("who won", "out_of_scope", path, 1, "out_of_scope_validation"),
    )
    assert [str(note) for note in reading.notes] == [
        f"{path}:1: left out: utterances for validation (1)"
    ]


def test_data_set_is_made_of_it(tmp_path):
    """The training command takes such a file as it is."""
    path = tmp_path / "data.JSON"
    train = [[f"{word} number {count}", word] for word in ("hi", "bye") for count in range(5)]
    splits = {"train": train, "test": [["hi there", "hi"]], "oos_test": [["who won", "oos"]]}
    path.write_text(json.dumps(splits))

    dataset = load_dataset(path, seed=0, test_size=0.2)

    assert (len(dataset.train), len(dataset.test)) == (10, 1)
    assert dataset.out_of_scope_test == ("who won",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("{", "data.json:1: is not JSON", id="no-json"),
        pytest.param("[" * 100_000, "data.json: is nested too deeply", id="too-deep"),
        pytest.param("[]", "holds no list 'train'", id="no-object"),
        pytest.param("{}", "holds no list 'train'", id="no-train"),
        pytest.param('{"train": 1}', "'train' is no list", id="no-list"),
        pytest.param('{"train": [["a"]]}', "entry 1 of 'train' is no pair", id="no-pair"),
        pytest.param('{"train": [["a", " "]]}', "no intent", id="empty"),
        pytest.param('{"train": ["ab"]}', "entry 1 of 'train' is no pair", id="text"),
    ],
)
def test_other_files_are_refused(tmp_path, content, message):
    """Files of another form are refused."""
    path = tmp_path / "data.json"
    path.write_text(content)

    with pytest.raises(DataError) as caught:
        read_examples(path, ReadOptions(format="clinc150"))

    assert message in str(caught.value)
