"""Training with a sentence encoder, from the real weights to the served model."""

from __future__ import annotations

import shutil

import pytest

from model.errors import ArtifactBrokenError
from model.inference.compiled_pipeline import COMPILED_NAME
from model.inference.encoders import ENCODER_NAME
from model.inference.encoders.encoder_file import WHOLE_SENTENCE
from model.inference.intent_model import IntentModel
from model.training.fitted_model import MODEL_NAME, REPORT_NAME


@pytest.fixture
def folder(sentence_folder, tmp_path):
    """A copy, to be changed."""
    return shutil.copytree(sentence_folder, tmp_path / "model")


def test_model_understands_a_language_that_it_was_not_trained_in(sentence_model):
    """Trained on English utterances, it knows what a German one means."""
    assert [
        prediction.alternatives[0].intent
        for prediction in sentence_model.predict(
            ["Ich habe mein Passwort vergessen", "hello"], top_k=1
        )
    ] == ["password_reset", "greeting"]


def test_compiled_form_and_pipeline_predict_the_same(sentence_folder, folder):
    """Without its compiled form, the pipeline is served, with the same encoder."""
    texts = ["where is my parcel", "guten Morgen", ""]
    (folder / COMPILED_NAME).unlink()
    compiled, pipeline = (IntentModel.load(path / MODEL_NAME) for path in (sentence_folder, folder))

    for one, other in zip(compiled.predict(texts), pipeline.predict(texts), strict=True):
        assert one.intent == other.intent
        assert one.confidence == pytest.approx(other.confidence, abs=1e-5)


def test_evidence_says_how_much_the_sentence_decided(sentence_model):
    """The vector's contribution stands beside those of n-grams and of foreign words."""
    evidence = {item.feature for item in sentence_model.explain("passwort vergessen!")}

    assert {WHOLE_SENTENCE, "pas", "vergessen!"} & evidence


def test_card_names_the_encoder(sentence_folder, sentence_model):
    """Title, licence, origin, languages, size and time are recorded."""
    encoder = sentence_model.card.training["encoder"]

    assert encoder["licence"] == "Apache-2.0"
    assert {"title", "origin", "languages"} < encoder.keys()
    assert encoder["bytes"] == (sentence_folder / ENCODER_NAME).stat().st_size
    assert encoder["milliseconds"] > 0


def test_report_names_the_encoder(sentence_folder):
    """Title and licence stand at the top of the report."""
    report = (sentence_folder / REPORT_NAME).read_text()

    assert "Universal Sentence Encoder, multilingual, version 3 (Apache-2.0)" in report


@pytest.mark.parametrize(
    "missing",
    [
        pytest.param([ENCODER_NAME], id="compiled"),
        pytest.param([ENCODER_NAME, COMPILED_NAME], id="pipeline"),
    ],
)
def test_model_without_its_encoder_is_refused(folder, missing):
    """The error names the encoder's file, for both forms of the model."""
    for name in missing:
        (folder / name).unlink()

    with pytest.raises(ArtifactBrokenError, match=rf"{ENCODER_NAME} can't be read"):
        IntentModel.load(folder / MODEL_NAME)


def test_another_training_deletes_the_encoder(folder, small_trained):
    """A model without an encoder leaves no file of a former one behind."""
    small_trained.save(folder)

    assert not (folder / ENCODER_NAME).exists()
