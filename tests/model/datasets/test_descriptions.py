from __future__ import annotations

from pathlib import Path

import pytest

from model.command import DATA
from model.datasets.dataset import load_dataset
from model.datasets.descriptions import read_descriptions
from model.datasets.entry import DESCRIPTIONS
from model.errors import DataError
from model.inference.model_card import CARD_NAME, IntentDescription, ModelCard
from tests.support.paths import ROOT


@pytest.fixture
def file(tmp_path) -> Path:
    """A file of descriptions, as a spreadsheet program writes it."""
    path = tmp_path / DESCRIPTIONS
    path.write_text(
        "\ufeffintent,description,example\na,About a, one \na,,two\nb,,\n", newline="\r\n"
    )
    return Path(path)


def test_rows_of_an_intent_are_its_examples(file):
    """The first description counts; each row may add an example."""
    assert read_descriptions(file, {"a", "b", "c"}) == {
        "a": IntentDescription("About a", ("one", "two")),
        "b": IntentDescription(),
    }


def test_missing_file_describes_nothing(tmp_path):
    """Descriptions are optional."""
    assert read_descriptions(tmp_path / DESCRIPTIONS, {"a"}) == {}


def test_unknown_intents_are_refused(file):
    """Each row of an intent that the data does not have is named."""
    with pytest.raises(DataError) as caught:
        read_descriptions(file, {"a"})

    assert [str(each) for each in caught.value.problems] == [
        f"{file}:4: b is no intent of the training data"
    ]


def test_other_columns_are_refused(file):
    """The error names the columns."""
    file.write_text("intent,text\na,b\n")

    with pytest.raises(DataError, match="must have the columns intent, description and example"):
        read_descriptions(file, {"a"})


def test_short_rows_are_read(file):
    """Trailing cells may be missing."""
    file.write_text("intent,description,example\na\n")

    assert read_descriptions(file, {"a"}) == {"a": IntentDescription()}


def test_descriptions_are_no_utterances(file):
    """In a folder whose files are all data, the descriptions are not."""
    (file.parent / "tickets.csv").write_text(
        "text,intent\n" + "".join(f"{intent} {n},{intent}\n" for intent in "ab" for n in range(6))
    )

    dataset = load_dataset(file.parent, seed=0, test_size=0.2)

    assert {example.file.name for example in dataset.train} == {"tickets.csv"}
    assert dataset.descriptions["a"].description == "About a"


def test_shipped_card_describes_its_intents():
    """Each intent of the shipped model has the description of its data, and an example."""
    card = ModelCard.read(ROOT / "model/shipped" / CARD_NAME)

    assert card.intents == read_descriptions(DATA / DESCRIPTIONS, card.labels)
    assert [*card.intents] == [*card.labels]
    assert all(each.description and each.examples for each in card.intents.values())
