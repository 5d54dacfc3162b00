from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import chain

import pytest

from model.datasets.dataset import load_dataset
from model.datasets.readers import Example, read_examples
from model.evaluation.metrics import evaluate
from model.inference.prediction import OUT_OF_SCOPE
from tests.support.paths import ROOT

FOLDER = ROOT / "model" / "data"
NAMES = ("train.csv", "test.csv", "out_of_scope_validation.csv", "out_of_scope_test.csv")


@pytest.fixture(scope="module")
def files() -> dict[str, list[Example]]:
    return {name: read_examples(FOLDER / name) for name in NAMES}


@pytest.fixture(scope="module")
def dataset():
    return load_dataset(FOLDER, seed=0, test_size=0.2)


def letters_and_digits(text: str) -> str:
    """Return the letters and digits of a text, or the whole text if it has none."""
    return "".join(filter(str.isalnum, text.casefold())) or text


def by_form(examples: Iterable[Example]) -> dict[str, list[Example]]:
    groups: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        groups[letters_and_digits(example.text)].append(example)
    return groups


def places(examples: Iterable[Example]) -> list[str]:
    return [f"{item.file.name}:{item.line} {item.intent}: {item.text}" for item in examples]


@pytest.mark.parametrize("name", NAMES)
def test_header_is_text_and_intent(name):
    """Each file begins with the same two columns."""
    assert (FOLDER / name).read_bytes().splitlines()[0] == b"text,intent"


def test_there_are_enough_intents(files):
    """At least 27 intents are trained, those that the documentation shows among them."""
    intents = {example.intent for example in files["train.csv"]}

    assert len(intents) >= 27
    assert {"password_reset", "account_help"} <= intents


@pytest.mark.parametrize(
    ("name", "min_count"),
    [pytest.param("train.csv", 60, id="train"), pytest.param("test.csv", 20, id="test")],
)
def test_each_intent_has_enough_utterances(files, name, min_count):
    """Every intent of the training has enough utterances in training and in test."""
    counts = Counter(example.intent for example in files[name])
    intents = {example.intent for example in files["train.csv"]}

    assert set(counts) == intents
    assert {intent: count for intent, count in counts.items() if count < min_count} == {}


def test_there_are_enough_out_of_scope_texts(files):
    """Both out-of-scope files together have at least 300 texts, all labelled as such."""
    examples = files["out_of_scope_validation.csv"] + files["out_of_scope_test.csv"]

    assert len(examples) >= 300
    assert {example.intent for example in examples} == {OUT_OF_SCOPE}


def test_no_text_stands_twice(files):
    """No text occurs twice, in one file or in two, compared by letters and digits alone."""
    groups = by_form(chain.from_iterable(files.values())).values()

    assert [places(group) for group in groups if len(group) > 1] == []


def test_no_text_has_two_intents(files):
    """No text is labelled with two intents, compared by letters and digits alone."""
    groups = by_form(chain.from_iterable(files.values())).values()

    assert [places(group) for group in groups if len({item.intent for item in group}) > 1] == []


def test_contrast_texts_are_in_no_other_file(files, dataset):
    """No text of a contrast set is in another file, compared by letters and digits alone."""
    training = [read_examples(path) for path in sorted((FOLDER / "contrast_train").iterdir())]
    known = by_form(chain.from_iterable([*files.values(), *training]))
    texts = [each.text for texts in dataset.contrast.values() for each in texts]

    assert {"foreign", "near the domain", "negated", "two intents"} <= set(dataset.contrast)
    assert len(texts) > 150
    assert [text for text in texts if letters_and_digits(text) in known] == []


def test_negated_training_texts_know_every_intent():
    """Of each intent, negated texts that want something else or nothing are learnt from."""
    negated = Counter(
        example.intent for example in read_examples(FOLDER / "contrast_train" / "negated.csv")
    )
    intents = {example.intent for example in read_examples(FOLDER / "train.csv")}

    assert set(negated) == {*intents, OUT_OF_SCOPE}
    assert negated[OUT_OF_SCOPE] >= 2000


def test_data_has_no_warnings(dataset):
    """The shipped data causes no warnings."""
    assert [str(warning) for warning in dataset.warnings] == []


def test_shipped_model_is_of_the_shipped_data(shipped_model, dataset):
    """The command without --data trains on the shipped folder."""
    assert shipped_model.card.training["data"] == {
        "sha256": dataset.sha256,
        "train": len(dataset.train),
        "test": len(dataset.test),
        "out_of_scope_validation": len(dataset.out_of_scope_validation),
        "out_of_scope_test": len(dataset.out_of_scope_test),
        "contrast_train": sum(map(len, dataset.contrast_train.values())),
        "test_size": None,
    }


def test_shipped_model_is_good_enough(shipped_model, dataset):
    """The shipped model reaches its documented quality on the shipped test set."""
    evaluation = evaluate(shipped_model, dataset.test, dataset.out_of_scope_test)

    assert evaluation.accuracy >= 0.95
    assert evaluation.macro_f1 >= 0.95
    assert evaluation.out_of_scope_auroc
    assert evaluation.out_of_scope_auroc >= 0.95
    assert evaluation.joint_calibration_error
    assert evaluation.joint_calibration_error <= 0.03


def test_shipped_card_records_the_quality(shipped_model, dataset):
    """The card's metrics are those of the loaded model."""
    evaluation = evaluate(shipped_model, dataset.test, dataset.out_of_scope_test)
    metrics = shipped_model.card.training["metrics"]

    assert metrics["accuracy"] == pytest.approx(evaluation.accuracy)
    assert metrics["macro_f1"] == pytest.approx(evaluation.macro_f1)
    assert metrics["out_of_scope_recall"] == pytest.approx(evaluation.out_of_scope_recall)
    assert metrics["out_of_scope_auroc"] == pytest.approx(evaluation.out_of_scope_auroc)
