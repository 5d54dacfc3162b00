from __future__ import annotations

import gc
import json
import logging
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from model.errors import ArtifactBrokenError, ArtifactMissingError
from model.inference.calibration import InScopeCalibration, Temperature
from model.inference.compiled_pipeline import COMPILED_NAME
from model.inference.intent_model import IntentModel
from model.inference.model_card import CARD_NAME, ModelCard, SelfTest
from model.inference.prediction import OUT_OF_SCOPE, Alternative, Evidence, Prediction
from model.inference.safetensors_file import ArrayFile
from model.training.fitted_model import MODEL_NAME
from tests.support.paths import ROOT
from tests.support.tables import TableScorer

LABELS = ("a", "b", "c")
TABLE = {"clear": (1.0, 4.0, -2.0), "vague": (0.5, 0.0, 0.25), "": (0.0, 0.0, 0.0)}


IDENTITY = InScopeCalibration(slope=1.0, intercept=0.0)


def table_model(
    *,
    temperature: float = 1.0,
    in_scope: InScopeCalibration | None = None,
    threshold: float | None = None,
) -> IntentModel:
    card = ModelCard(LABELS, "", Temperature(temperature), in_scope, threshold)
    return IntentModel(TableScorer(LABELS, TABLE), card)


def logistic(log_odds: float) -> float:
    return float(1 / (1 + np.exp(-log_odds)))


@pytest.fixture
def model_path(small_folder, tmp_path) -> Path:
    """The small model in a folder that the test may change."""
    return Path(shutil.copytree(small_folder, tmp_path / "model")) / MODEL_NAME


def edit_card(model_path: Path, **changes: object) -> None:
    path = model_path.with_name(CARD_NAME)
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def edit_self_test(model_path: Path, **changes: object) -> None:
    self_test = json.loads(model_path.with_name(CARD_NAME).read_text())["self_test"]
    edit_card(model_path, self_test=self_test | changes)


def self_test_of(model: IntentModel) -> SelfTest:
    assert model.card.self_test is not None
    return model.card.self_test


def error_of(path: Path) -> str:
    with pytest.raises(ArtifactBrokenError) as caught:
        IntentModel.load(path)
    return str(caught.value)


def test_trained_model_loads_with_its_card(model_path, small_trained, caplog):
    """A saved model loads with the card that was written beside it, and nothing to warn of."""
    model = IntentModel.load(model_path)

    assert model.card.to_json() == small_trained.card.to_json()
    assert caplog.records == []


def test_missing_model_is_refused(tmp_path):
    """A path without a file is an error that says how to get a model."""
    path = tmp_path / "no.pkl"

    with pytest.raises(ArtifactMissingError) as caught:
        IntentModel.load(path)

    assert str(caught.value) == (
        f"{path} does not exist. "
        "Train a model (make train), or name one by MODEL_URI, MODEL_PATH or --model."
    )


@pytest.mark.parametrize("name", ["", COMPILED_NAME])
def test_folder_or_compiled_form_needs_no_pickle(model_path, small_model, name):
    """As a store does, it holds all that is served."""
    model_path.unlink()

    model = IntentModel.load(model_path.parent / name)

    [ours], [theirs] = (m.predict(["lost my password"]) for m in (model, small_model))
    assert (ours.intent, ours.confidence) == (theirs.intent, pytest.approx(theirs.confidence))


def test_folder_of_an_uncompiled_model_has_its_pipeline(model_path, small_model):
    """Training writes no compiled form of a pipeline that it can't compile."""
    model_path.with_name(COMPILED_NAME).unlink()

    model = IntentModel.load(model_path.parent)

    [ours], [theirs] = (m.predict(["lost my password"]) for m in (model, small_model))
    assert (ours.intent, ours.confidence) == (theirs.intent, pytest.approx(theirs.confidence))


def test_folder_without_a_model_is_refused(tmp_path):
    """The error names the file that is missing."""
    with pytest.raises(ArtifactMissingError, match=f"{tmp_path / COMPILED_NAME} does not exist"):
        IntentModel.load(tmp_path)


def test_unreadable_model_is_refused(tmp_path):
    """A folder of the name of a file is none."""
    path = tmp_path / COMPILED_NAME
    path.mkdir()

    assert error_of(tmp_path) == f"{path} can't be read. Train it again: make train."


def test_compiled_form_without_its_pickle_needs_finite_numbers(model_path):
    """The error is that of any artifact, so that a start ends with one line."""
    path = model_path.with_name(COMPILED_NAME)
    file = ArrayFile.from_bytes(path.read_bytes())
    arrays = {
        name: np.full_like(array, np.nan) if array.dtype.kind == "f" else array
        for name, array in file.arrays.items()
    }
    path.write_bytes(ArrayFile(arrays, file.metadata).to_bytes())

    assert error_of(path) == (
        f"{path} holds a number that is not finite. Train it again: make train."
    )


def test_damaged_compiled_form_needs_its_pickle(model_path):
    """Alone, it is refused."""
    path = model_path.with_name(COMPILED_NAME)
    path.write_bytes(b"?")

    assert error_of(path) == f"{path} is damaged. Train it again: make train."


def test_garbage_is_refused(tmp_path):
    """A file that joblib can't read is an error."""
    path = tmp_path / "garbage.pkl"
    path.write_bytes(b"garbage")

    message = error_of(path)
    assert message.startswith(f"{path} is not a readable joblib file (")
    assert message.endswith("). Train it again: make train.")


def test_unreadable_card_is_refused(model_path):
    """A card that is there but broken is an error, not a reason to serve uncalibrated."""
    card_path = model_path.with_name(CARD_NAME)
    card_path.write_text("{")

    assert error_of(model_path) == (
        f"{card_path} is not a readable model card. Train it again: make train."
    )


def test_labels_that_differ_from_the_card_are_refused(model_path, small_model):
    """A card that lists the labels in another order would name wrong intents: an error."""
    edit_card(model_path, labels=list(reversed(small_model.card.labels)))

    assert error_of(model_path) == (
        f"{model_path} does not have the labels that its card lists. Train it again: make train."
    )


def assert_is_uncalibrated(model: IntentModel, caplog, path: Path) -> None:
    assert (model.card.temperature.base, model.card.threshold, model.card.self_test) == (
        1,
        None,
        None,
    )
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage() == (
        f"{path} has no model card of its own: "
        "serving it uncalibrated and without an out-of-scope threshold"
    )


def test_model_without_a_card_is_served_uncalibrated(model_path, small_trained, caplog):
    """A pipeline from elsewhere is served as it is, with a card made for it and a warning."""
    model_path.with_name(CARD_NAME).unlink()

    model = IntentModel.load(model_path)

    assert_is_uncalibrated(model, caplog, model_path)
    assert model.card.labels == small_trained.card.labels
    assert model.card.model_sha256 == small_trained.card.model_sha256


def test_card_of_another_model_is_not_used(model_path, small_trained, caplog):
    """A card with another model's hash is left aside with a warning."""
    edit_card(model_path, model_sha256="0" * 64)

    model = IntentModel.load(model_path)

    assert_is_uncalibrated(model, caplog, model_path)
    assert model.card.model_sha256 == small_trained.card.model_sha256


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"intent": "order_tracking"}, id="intent"),
        pytest.param({"confidence": 0.1234}, id="confidence"),
        pytest.param({"utterance": "where is my order"}, id="utterance"),
    ],
)
def test_wrong_answer_to_the_self_test_is_refused(model_path, changes):
    """A model that answers the card's utterance otherwise than when trained is an error."""
    edit_self_test(model_path, **changes)

    assert error_of(model_path) == (
        f"{model_path} answers its self-test otherwise than when trained. "
        "Train it again: make train."
    )


@pytest.mark.parametrize("difference", [-1.1e-3, 1.1e-3])
def test_confidence_that_differs_by_a_thousandth_is_refused(model_path, small_model, difference):
    """A confidence that differs by more than a thousandth fails the self-test."""
    edit_self_test(model_path, confidence=self_test_of(small_model).confidence + difference)

    assert "answers its self-test otherwise than when trained" in error_of(model_path)


@pytest.mark.parametrize("difference", [-0.9e-3, 0.9e-3])
def test_self_test_leaves_room_for_rounding(model_path, small_model, difference):
    """A confidence that differs by less than a thousandth passes the self-test."""
    confidence = self_test_of(small_model).confidence + difference
    edit_self_test(model_path, confidence=confidence)

    assert self_test_of(IntentModel.load(model_path)).confidence == confidence


def test_self_test_asks_for_the_intent_whatever_the_threshold(model_path):
    """A threshold that rejects the self-test's utterance doesn't make the self-test fail."""
    model = IntentModel.load(model_path, threshold=1.0)

    [answer] = model.predict([self_test_of(model).utterance])
    assert answer.intent == OUT_OF_SCOPE


@pytest.mark.parametrize("name", ["a\nb", "a\x1bb", "a\u2028b", "\ud800"], ids=ascii)
def test_label_with_control_characters_is_refused(tmp_path, name):
    """A label that no event attribute or header can carry is an error that names the label."""
    path = tmp_path / "model.pkl"
    pipeline = make_pipeline(CountVectorizer(), LogisticRegression()).fit(["hi", "bye"], ["z", "b"])
    pipeline[-1].classes_ = np.array(["z", name], dtype=object)
    joblib.dump(pipeline, path)

    assert error_of(path) == (
        f"{path} has a label with a control character or line break: {name!a}. "
        "Rename the intent and train again."
    )


def reseal(model_path: Path, **changes: object) -> Path:
    """Change values of the compiled form's description, and write it with a valid checksum."""
    path = model_path.with_name(COMPILED_NAME)
    file = ArrayFile.from_bytes(path.read_bytes())
    description = json.dumps(json.loads(file.metadata["description"]) | changes)
    path.write_bytes(
        ArrayFile(file.arrays, {**file.metadata, "description": description}).to_bytes()
    )
    return path


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"labels": [1, 2, 3]}, id="labels"),
        pytest.param({"labels": 3}, id="no-labels"),
        pytest.param({"is_joint": "no"}, id="is-joint"),
        pytest.param({"scales": ["much"]}, id="scale"),
        pytest.param({"scales": [1.0]}, id="scales"),
        pytest.param({"weightings": [{"bounds": "x"}]}, id="bounds"),
        pytest.param({"weightings": [[]]}, id="weighting"),
        pytest.param({"vocabularies": {"a": 1}}, id="vocabularies"),
    ],
)
def test_resealed_compiled_form_is_refused(model_path, changes):
    """A compiled form with a valid checksum but values of a wrong type ends the load."""
    compiled_path = reseal(model_path, **changes)

    message = error_of(model_path)

    assert message.startswith(str(compiled_path))
    assert message.endswith(f". Compile it again: python -m model.compile {model_path}.")
    assert "\n" not in message


@pytest.mark.parametrize("name", ["factor", "above"])
def test_values_that_fail_only_in_use_are_refused(model_path, name):
    """A value of a wrong type that only scoring meets fails the self-test."""
    weighting = {"bounds": [0, 1], name: "x"}
    reseal(model_path, weightings=[weighting])

    assert error_of(model_path).startswith(f"{model_path} fails at its self-test: ")


def test_classifier_without_numbers_is_refused(tmp_path):
    """A classifier whose weights are not numbers any more is an error."""
    pipeline = make_pipeline(CountVectorizer(), LogisticRegression()).fit(["hi", "bye"], ["a", "b"])
    pipeline[-1].intercept_[:] = np.nan
    path = tmp_path / "nan.pkl"
    joblib.dump(pipeline, path)

    assert error_of(path) == (
        f"{path} answers its self-test with no number. Train it again: make train."
    )


@pytest.mark.parametrize("threshold", [0.25, 0.0])
def test_threshold_overrides_the_cards(model_path, small_trained, threshold):
    """A threshold at load, also 0, replaces the card's and changes nothing else."""
    model = IntentModel.load(model_path, threshold=threshold)

    assert small_trained.card.threshold != threshold
    assert model.card.to_json() == replace(small_trained.card, threshold=threshold).to_json()


def test_threshold_needs_a_probability_of_being_in_scope(model_path):
    """A pipeline without a card can't be served with a threshold: the error says why."""
    model_path.with_name(CARD_NAME).unlink()

    with pytest.raises(ArtifactBrokenError) as caught:
        IntentModel.load(model_path, threshold=0.5)

    assert str(caught.value) == (
        f"{model_path} can't take a threshold: no model card says how probably a text is in scope. "
        "Unset INTENT_THRESHOLD, or train the model by model.train."
    )


def test_pipeline_with_an_out_of_scope_label_needs_no_card(tmp_path):
    """The larger logit decides, as in the pipeline itself, if out_of_scope is the last label."""
    path = tmp_path / "model.pkl"
    pipeline = make_pipeline(CountVectorizer(), LogisticRegression(C=100.0))
    pipeline.fit(["hi", "bye", "rain", "snow"], ["a", "b", OUT_OF_SCOPE, OUT_OF_SCOPE])
    joblib.dump(pipeline, path)

    predictions = IntentModel.load(path).predict(["hi", "rain", "bye"], top_k=3)

    assert [each.intent for each in predictions] == ["a", OUT_OF_SCOPE, "b"]
    assert [sum(one.confidence for one in each.alternatives) for each in predictions] == (
        pytest.approx([1.0, 1.0, 1.0])
    )
    assert predictions[1].confidence > 0.5


def test_no_utterances_have_no_predictions():
    """An empty list of utterances is answered by an empty list."""
    assert table_model().predict([]) == []


def test_predictions_keep_the_order_of_utterances():
    """There is one prediction for each utterance, in order, the same alone or among others."""
    model = table_model()

    assert [item.intent for item in model.predict(["vague", "clear", "vague"])] == ["a", "b", "a"]
    assert model.predict(["vague", "clear"]) == model.predict(["vague"]) + model.predict(["clear"])


def test_columns_hold_the_same_predictions():
    """Tables need no object for each utterance."""
    model, texts = table_model(), ["vague", "clear"]
    intents, confidences, alternatives = model.predict_columns(texts, top_k=2)

    expected = model.predict(texts, top_k=2)
    assert intents == [each.intent for each in expected]
    assert confidences == [each.confidence for each in expected]
    assert alternatives == [each.alternatives for each in expected]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 8.0])
def test_confidence_is_the_softmax_over_the_temperature(temperature):
    """Confidences are the softmax of the logits divided by the temperature."""
    [prediction] = table_model(temperature=temperature).predict(["clear"], top_k=3)

    exponentials = np.exp(np.array([4.0, 1.0, -2.0]) / temperature)
    expected = exponentials / exponentials.sum()
    assert [item.intent for item in prediction.alternatives] == ["b", "a", "c"]
    assert [item.confidence for item in prediction.alternatives] == pytest.approx(list(expected))
    assert prediction.confidence == prediction.alternatives[0].confidence


@pytest.mark.parametrize(
    ("threshold", "intent"),
    [
        pytest.param(None, "a", id="none"),
        pytest.param(0.0, "a", id="rejects-nothing"),
        pytest.param(0.6, "a", id="below-the-probability"),
        pytest.param(logistic(0.5), "a", id="equal-to-the-probability"),
        pytest.param(0.7, OUT_OF_SCOPE, id="above-the-probability"),
        pytest.param(1.0, OUT_OF_SCOPE, id="rejects-all"),
    ],
)
def test_improbably_in_scope_is_out_of_scope(threshold, intent):
    """The threshold bounds the probability of being in scope, whatever the temperature."""
    model = table_model(temperature=0.1, in_scope=IDENTITY, threshold=threshold)

    assert model.predict(["vague"])[0].intent == intent


def test_probability_of_being_in_scope_multiplies_those_of_known_intents():
    """Known intents share the probability of being in scope, out_of_scope has the rest."""
    [known] = table_model().predict(["vague"], top_k=3)
    [both] = table_model(in_scope=IDENTITY).predict(["vague"], top_k=9)
    in_scope = logistic(0.5)

    assert [item.intent for item in both.alternatives] == [OUT_OF_SCOPE, "a", "c", "b"]
    assert [item.confidence for item in both.alternatives] == pytest.approx(
        [1 - in_scope, *(in_scope * item.confidence for item in known.alternatives)]
    )
    assert (both.intent, both.confidence) == ("a", both.alternatives[1].confidence)


def test_confidence_of_out_of_scope_is_its_own_probability():
    """A rejected text has the probability of out_of_scope, and the same alternatives."""
    [kept] = table_model(in_scope=IDENTITY).predict(["vague"], top_k=4)
    [rejected] = table_model(in_scope=IDENTITY, threshold=0.7).predict(["vague"], top_k=4)

    assert rejected.intent == OUT_OF_SCOPE
    assert rejected.confidence == pytest.approx(1 - logistic(0.5))
    assert rejected.alternatives == kept.alternatives


finite = st.floats(-1e6, 1e6)


@given(
    logits=st.lists(finite, min_size=2, max_size=6),
    has_detector=st.booleans(),
    temperature=st.builds(Temperature, st.floats(0.01, 100.0), st.floats(-1.0, 1.0)),
    slope=st.floats(1e-3, 100.0),
    intercept=finite,
    threshold=st.floats(0.0, 1.0),
)
@settings(max_examples=200, deadline=None)
def test_probabilities_are_one_distribution(
    logits, has_detector, temperature, slope, intercept, threshold
):
    """All probabilities add up to 1; the threshold alone decides on out_of_scope."""
    known = tuple(map(str, range(len(logits) - has_detector)))
    scorer = TableScorer((*known, OUT_OF_SCOPE) if has_detector else known, {"text": logits})
    in_scope = InScopeCalibration(slope, intercept)
    model = IntentModel(scorer, ModelCard(known, "", temperature, in_scope, threshold))

    [prediction] = model.predict(["text"], top_k=99)
    probabilities = {each.intent: each.confidence for each in prediction.alternatives}
    [is_in_scope] = model.score(["text"])[1]

    assert probabilities.keys() == {*known, OUT_OF_SCOPE}
    assert sum(probabilities.values()) == pytest.approx(1.0)
    assert list(probabilities.values()) == sorted(probabilities.values(), reverse=True)
    assert prediction.confidence == pytest.approx(probabilities[prediction.intent])
    assert (prediction.intent == OUT_OF_SCOPE) == (is_in_scope < threshold)


def test_predictions_have_no_alternatives_unless_asked():
    """Known intents are ranked only where this is asked for."""
    [prediction] = table_model().predict(["clear"])

    assert prediction.alternatives == ()


@pytest.mark.parametrize(
    ("top_k", "count"),
    [
        pytest.param(0, 0, id="none"),
        pytest.param(2, 2, id="some"),
        pytest.param(3, 3, id="all"),
        pytest.param(99, 3, id="more-than-there-are"),
    ],
)
def test_alternatives_are_as_many_as_asked_for(top_k, count):
    """As many known intents are ranked as were asked for, or all of them."""
    [prediction] = table_model().predict(["clear"], top_k=top_k)

    assert [item.intent for item in prediction.alternatives] == ["b", "a", "c"][:count]


def test_intents_of_equal_confidence_keep_the_order_of_labels():
    """A tie goes to the label that comes first."""
    assert table_model().predict([""], top_k=3) == [
        Prediction("a", 1 / 3, tuple(Alternative(label, 1 / 3) for label in LABELS))
    ]


def test_empty_text_is_answered(small_model):
    """The empty text has a prediction as any other text."""
    [prediction] = small_model.predict([""], top_k=99)

    assert sum(item.confidence for item in prediction.alternatives) == pytest.approx(1.0)
    assert prediction.intent in {*small_model.card.labels, OUT_OF_SCOPE}


def test_small_model_knows_its_intents(small_model):
    """A loaded model finds the intents that it was trained on."""
    predictions = small_model.predict(["please reset my password", "where is my order now"])

    assert [item.intent for item in predictions] == ["password_reset", "order_tracking"]


@pytest.mark.parametrize("name", [COMPILED_NAME, MODEL_NAME], ids=["compiled", "pipeline"])
def test_typos_are_corrected_before_a_text_is_scored(model_path, name):
    """A misspelt text has the answer and the explanation of the right one."""
    model = IntentModel.load(model_path.with_name(name))
    right, misspelt = "where is my package", "wehre is my pakage"

    assert model.predict([misspelt], top_k=3) == model.predict([right], top_k=3)
    assert model.score([misspelt])[0].tolist() == model.score([right])[0].tolist()
    assert model.explain(misspelt) == model.explain(right)
    assert model.corrected(misspelt) == right
    assert model.corrections(misspelt) == {"wehre": "where", "pakage": "package"}
    assert model.corrections(right) == {}


def test_texts_are_scored_as_they_are_unless_the_card_asks_for_corrections(model_path):
    """Models of earlier versions answer as they did."""
    edit_card(model_path, corrects_typos=False)
    model = IntentModel.load(model_path)

    assert model.predict(["wehre is my pakage"]) != model.predict(["where is my package"])
    assert model.explain("wehre is my pakage") != model.explain("where is my package")
    assert model.corrected("wehre is my pakage") == "wehre is my pakage"
    assert model.corrections("wehre is my pakage") == {}


def use_once(folder: Path) -> None:
    """Load a model, have it do all that it can, and forget it."""
    model = IntentModel.load(folder)
    model.predict(["wehre is my package", "reset my password"], top_k=3)
    model.explain("wehre is my package")


def test_a_model_that_nobody_uses_any_more_is_freed_at_once(small_folder, sentence_folder):
    """It leaves the garbage collector nothing, which would come late for the arrays of a model."""
    for folder in (small_folder, sentence_folder):
        use_once(folder)  # the imports of a first time do leave something
        gc.collect()
        use_once(folder)
        assert gc.collect() == 0


def test_scores_are_probabilities_of_both_factors():
    """Known intents are scored as if in scope; the other score is that of being in scope."""
    model = table_model(temperature=3.0, in_scope=InScopeCalibration(2.0, -1.0))

    probabilities, in_scope = model.score(["clear", "vague"])

    assert probabilities.shape == (2, len(LABELS))
    assert probabilities.sum(axis=1) == pytest.approx([1.0, 1.0])
    assert in_scope == pytest.approx([logistic(7.0), logistic(0.0)])


def test_without_a_calibration_all_texts_are_in_scope():
    """A model that does not know what is out of scope has known intents alone."""
    model = table_model()

    assert model.score(["clear", "vague"])[1].tolist() == [1.0, 1.0]
    assert sum(item.confidence for item in model.predict(["vague"], top_k=9)[0].alternatives) == (
        pytest.approx(1.0)
    )


def scope_model(*, threshold: float | None = None) -> IntentModel:
    table = {"clear": [1.0, 4.0, 0.5], "odd": [2.0, 1.0, 2.5]}
    scorer = TableScorer(("a", "b", OUT_OF_SCOPE), table)
    return IntentModel(scorer, ModelCard(("a", "b"), "", in_scope=IDENTITY, threshold=threshold))


def test_out_of_scope_logit_is_taken_from_the_largest_one():
    """The score of being in scope is the difference of the largest and the out-of-scope logit."""
    assert scope_model().score(["clear", "odd"])[1] == pytest.approx(
        [logistic(3.5), logistic(-0.5)]
    )


def test_largest_of_several_out_of_scope_logits_counts():
    """Each detector has a label of the same name; the strongest decides."""
    scorer = TableScorer(("a", "b", OUT_OF_SCOPE, OUT_OF_SCOPE), {"odd": [2.0, 1.0, -1.0, 2.5]})
    model = IntentModel(scorer, ModelCard(("a", "b"), "", in_scope=IDENTITY))

    [answer] = model.predict(["odd"], top_k=4)

    assert [item.intent for item in answer.alternatives] == [OUT_OF_SCOPE, "a", "b"]
    assert answer.alternatives[0].confidence == pytest.approx(1 - logistic(-0.5))


def test_out_of_scope_logit_is_no_known_intents():
    """The out-of-scope logit has no share in the known intents' distribution."""
    [clear, odd] = scope_model(threshold=0.5).predict(["clear", "odd"], top_k=3)

    assert [item.intent for item in clear.alternatives] == ["b", "a", OUT_OF_SCOPE]
    assert odd.alternatives[0].confidence == pytest.approx(1 - logistic(-0.5))
    assert (clear.intent, odd.intent) == ("b", OUT_OF_SCOPE)


EVIDENCE = [
    Evidence("weak", 0.1),
    Evidence("against", -3.0),
    Evidence("nothing", 0.0),
    Evidence("same b", 0.5),
    Evidence("strong", 2.0),
    Evidence("same a", 0.5),
]


@pytest.mark.parametrize(
    ("limit", "count"),
    [
        pytest.param(0, 0, id="none"),
        pytest.param(2, 2, id="some"),
        pytest.param(99, 4, id="more-than-there-are"),
    ],
)
def test_explanation_begins_with_the_strongest_evidence(limit, count):
    """Evidence for the most likely intent is sorted by weight, then by name, and limited."""
    scorer = TableScorer(LABELS, TABLE, {1: EVIDENCE})
    model = IntentModel(scorer, ModelCard(LABELS, "", in_scope=IDENTITY, threshold=1.0))

    explanation = model.explain("clear", limit=limit)

    assert [item.feature for item in explanation] == ["strong", "same a", "same b", "weak"][:count]


def test_explanation_is_of_ten_n_grams(small_model):
    """The default limit is the ten strongest n-grams."""
    text = "please reset my password"

    explanation = small_model.explain(text)

    assert len(explanation) == 10
    assert explanation[0].feature == "reset"
    assert small_model.explain(text, limit=12)[:10] == explanation


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "pipeline"])
def test_first_explanation_of_a_compiled_model_is_more_work(model_path, compiled):
    """It names all n-grams. The pipeline takes longer than that for each text anyway."""
    (model_path.parent / COMPILED_NAME).rename(
        model_path.parent / (COMPILED_NAME if compiled else "absent")
    )
    model = IntentModel.load(model_path)
    before = model.explaining_work(["hello"])
    model.explain("hello")

    assert (before > 100) is compiled
    assert model.explaining_work(["hello"]) == 0


SERVE = """
import sys
from pathlib import Path
from model.inference.intent_model import IntentModel
print(IntentModel.load(Path(sys.argv[1])).predict(["reset my password"])[0].intent)
print(sorted({name.split(".")[0] for name in sys.modules} & {"sklearn", "scipy", "joblib"}))
"""


def test_compiled_model_is_served_without_scikit_learn(small_folder):
    """Loading and answering import neither scikit-learn nor scipy nor joblib."""
    command = [sys.executable, "-c", SERVE, str(small_folder / MODEL_NAME)]
    result = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)

    assert result.stdout.splitlines() == ["password_reset", "[]"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(lambda path: path.unlink(), "does not exist", id="missing"),
        pytest.param(lambda path: path.write_bytes(b"?"), "is damaged", id="damaged"),
        pytest.param(lambda path: (path.unlink(), path.mkdir()), "can't be read", id="unreadable"),
    ],
)
def test_scikit_learn_serves_where_the_compiled_form_can_not(
    model_path, small_model, caplog, change, reason
):
    """A pickle without a usable compiled form is served by scikit-learn, with one warning."""
    compiled_path = model_path.with_name(COMPILED_NAME)
    change(compiled_path)

    model = IntentModel.load(model_path)

    [ours], [theirs] = (m.predict(["lost my password"]) for m in (model, small_model))
    assert (ours.intent, ours.confidence) == (theirs.intent, pytest.approx(theirs.confidence))
    [record] = caplog.records
    assert record.getMessage() == (
        f"{compiled_path} {reason}: serving by scikit-learn, which starts and answers slower; "
        f"to compile it: python -m model.compile {model_path}"
    )


def test_without_scikit_learn_a_compiled_form_is_needed(model_path, monkeypatch):
    """Where scikit-learn is not installed, the error names both files and the remedy."""
    compiled_path = model_path.with_name(COMPILED_NAME)
    compiled_path.unlink()
    monkeypatch.setitem(sys.modules, "model.inference.sklearn_scorer", None)

    with pytest.raises(ArtifactBrokenError) as caught:
        IntentModel.load(model_path)

    assert str(caught.value) == (
        f"{model_path} can't be served without scikit-learn: {compiled_path} does not exist. "
        f"Compile it: python -m model.compile {model_path}."
    )
