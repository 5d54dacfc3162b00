"""Training with a sentence encoder, from the real weights to the served model."""

from __future__ import annotations

import shutil

import pytest

from model.errors import ArtifactBrokenError
from model.inference.encoders.encoder_file import ENCODER_NAME, WHOLE_SENTENCE
from model.inference.intent_model import IntentModel
from model.training.trainer import COMPILED_NAME, MODEL_NAME, Options, train


@pytest.fixture(scope="module")
def trained_folder(small_dataset, tmp_path_factory):
    """A folder with a model of the small data whose features include USE's vectors."""
    folder = tmp_path_factory.mktemp("use")
    options = Options(features="use", languages=("en", "de"))
    train(small_dataset, options, progress=lambda _: None).save(folder)
    return folder


@pytest.fixture
def folder(trained_folder, tmp_path):
    """A copy, to be changed."""
    return shutil.copytree(trained_folder, tmp_path / "model")


def test_model_understands_a_language_that_it_was_not_trained_in(trained_folder):
    """Trained on English utterances, it knows what a German one means."""
    model = IntentModel.load(trained_folder / MODEL_NAME)

    assert [
        prediction.alternatives[0].intent
        for prediction in model.predict(["Ich habe mein Passwort vergessen", "hello"], top_k=1)
    ] == ["password_reset", "greeting"]


def test_compiled_form_and_pipeline_predict_the_same(trained_folder, folder):
    """Without its compiled form, the pipeline is served, with the same encoder."""
    texts = ["where is my parcel", "guten Morgen", ""]
    (folder / COMPILED_NAME).unlink()
    compiled, pipeline = (IntentModel.load(path / MODEL_NAME) for path in (trained_folder, folder))

    for one, other in zip(compiled.predict(texts), pipeline.predict(texts), strict=True):
        assert one.intent == other.intent
        assert one.confidence == pytest.approx(other.confidence, abs=1e-5)


def test_evidence_says_how_much_the_sentence_decided(trained_folder):
    """The vector's contribution stands beside the n-grams'."""
    model = IntentModel.load(trained_folder / MODEL_NAME)

    assert WHOLE_SENTENCE in {item.feature for item in model.explain("reset my password please")}


def test_card_names_the_encoder(trained_folder):
    """Title, licence, origin and languages are recorded."""
    encoder = IntentModel.load(trained_folder / MODEL_NAME).card.training["encoder"]

    assert encoder["licence"] == "Apache-2.0"
    assert {"title", "origin", "languages"} < encoder.keys()


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "pipeline"])
def test_model_without_its_encoder_is_refused(folder, compiled):
    """The error names the encoder's file, for both forms of the model."""
    (folder / ENCODER_NAME).unlink()
    (folder / COMPILED_NAME).unlink() if not compiled else None

    with pytest.raises(ArtifactBrokenError, match=rf"{ENCODER_NAME} can't be read"):
        IntentModel.load(folder / MODEL_NAME)


def test_another_training_deletes_the_encoder(folder, small_trained):
    """A model without an encoder leaves no file of a former one behind."""
    small_trained.save(folder)

    assert not (folder / ENCODER_NAME).exists()
