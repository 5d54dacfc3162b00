from __future__ import annotations

from pathlib import Path

import pytest

from model.command import DATA
from model.datasets.dataset import Dataset, load_dataset
from model.datasets.descriptions import read_descriptions
from model.datasets.entry import DESCRIPTION, DESCRIPTIONS
from model.datasets.readers import ReadOptions
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


YAML = """\
parcel: {description: Where a parcel is}
hello: {description: Saying hello, utterances: [hi]}
leave: {description: Saying goodbye, utterances: [bye, see you, so long]}
out_of_scope: {utterances: [sing a song]}
"""


def described(folder: Path, text: str = YAML) -> Dataset:
    """Return the data of an ``intents.yaml``."""
    path = folder / "intents.yaml"
    path.write_text(text)
    return load_dataset(path, seed=0, test_size=0.2)


def test_description_is_the_only_utterance_of_an_intent_without_any(tmp_path):
    """So that each intent has at least one text to learn from."""
    dataset = described(tmp_path)
    alone = [each for each in dataset.train if each.part == DESCRIPTION]

    assert [(each.text, each.intent) for each in alone] == [("Where a parcel is", "parcel")]
    assert {each.intent for each in dataset.train} == {"parcel", "hello", "leave"}
    assert [each.intent for each in dataset.test] == ["leave"]
    assert dataset.out_of_scope_validation == ("sing a song",)
    assert str(dataset.warnings[-1]) == (
        f"{tmp_path / 'intents.yaml'}:1: parcel has a description alone; "
        "20 utterances or more do better"
    )


def test_descriptions_of_intents_with_few_utterances_are_taught(tmp_path):
    """From twenty utterances on, a description says nothing new."""
    many = "".join(f", bye {number}" for number in range(24))
    dataset = described(tmp_path, YAML.replace("so long", f"so long{many}"))

    assert dataset.taught_descriptions == {"hello": "Saying hello"}
    assert dataset.description_count == 2
    assert dataset.descriptions == {
        "parcel": IntentDescription("Where a parcel is"),
        "hello": IntentDescription("Saying hello"),
        "leave": IntentDescription("Saying goodbye"),
    }


def test_other_descriptions_change_the_hash(tmp_path):
    """A training on other descriptions is another one."""
    other = YAML.replace("Saying hello", "Good day")

    assert described(tmp_path).sha256 != described(tmp_path, other).sha256


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(YAML, True, id="one-of-three"),
        pytest.param(YAML.replace("[hi]", "[hi, hey]"), False, id="two-of-three"),
        pytest.param("a: {description: one}\nb: {description: two}\n", True, id="none-of-two"),
    ],
)
def test_few_intents_with_utterances_are_a_minority(tmp_path, text, expected):
    """Half of the intents need two utterances, of which one can be held out."""
    assert described(tmp_path, text).is_mostly_described is expected


def test_same_description_of_two_intents_is_refused(tmp_path):
    """It would say nothing that tells them apart."""
    with pytest.raises(DataError, match="labelled b, but line 1 labels the same text a"):
        described(tmp_path, "a: {description: Some}\nb: {description: some}\n")


def test_single_described_intent_is_refused(tmp_path):
    """Two intents are needed, whatever describes them."""
    with pytest.raises(DataError, match="holds 1 intent: a; at least two are needed"):
        described(tmp_path, "a: {description: Some}\n")


def test_intents_left_out_are_not_described(tmp_path):
    """With a minimum of utterances, intents without any are left out, and their descriptions."""
    path = tmp_path / "intents.yaml"
    path.write_text(YAML.replace("[hi]", "[hi, hey, good day]"))
    dataset = load_dataset(path, seed=0, test_size=0.2, options=ReadOptions(min_utterances=2))

    assert dataset.descriptions.keys() == {"hello", "leave"}


def test_file_of_descriptions_comes_before_the_data(tmp_path):
    """Descriptions written for people count, with their examples; the data adds missing ones."""
    (tmp_path / "train.yaml").write_text(YAML)
    (tmp_path / DESCRIPTIONS).write_text(
        "intent,description,example\nhello,A greeting,good day\nleave,,see you\n"
    )
    dataset = load_dataset(tmp_path, seed=0, test_size=0.2)

    assert dataset.descriptions == {
        "hello": IntentDescription("A greeting", ("good day",)),
        "leave": IntentDescription("Saying goodbye", ("see you",)),
        "parcel": IntentDescription("Where a parcel is"),
    }


def test_described_out_of_scope_intent_is_no_example(tmp_path):
    """A description of all else is not a text that somebody would send."""
    path = tmp_path / "intents.yaml"
    path.write_text(YAML + "other: {description: All else}\n")
    options = ReadOptions(out_of_scope_intents=("other",))
    dataset = load_dataset(path, seed=0, test_size=0.2, options=options)

    assert dataset.out_of_scope_validation == ("sing a song",)
    assert {each.intent for each in dataset.train} == {"parcel", "hello", "leave"}
