from __future__ import annotations

import hashlib
import platform
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import joblib
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import FeatureUnion

from model.datasets.dataset import Dataset
from model.datasets.entry import DESCRIPTION, Example
from model.errors import DataError, EqualityError
from model.evaluation.act_curve import CONFIDENCES
from model.evaluation.metrics import evaluate
from model.inference.calibration import Temperature
from model.inference.intent_model import IntentModel
from model.inference.model_card import CARD_NAME, IntentDescription
from model.inference.prediction import OUT_OF_SCOPE
from model.learning.calibration import start_calibration
from model.learning.cross_validation import cross_validate
from model.learning.ensemble import Hyperparameters, candidates
from model.learning.quantization import MAX_LOSS
from model.learning.training_set import TrainingSet
from model.training.fitted_model import MODEL_NAME, REPORT_NAME, FittedModel, TrainedModel
from model.training.record import Options
from model.training.trainer import fit, train

TEXTS = ["hello", "where is my parcel now", "reset it", "something else", ""]


def train_quietly(dataset: Dataset, *, seed: int = 0) -> TrainedModel:
    return train(dataset, Options(seed=seed), progress=lambda _: None)


def fit_quietly(dataset: Dataset, *, seed: int = 0) -> FittedModel:
    return fit(dataset, Options(seed=seed), progress=lambda _: None)


def load(trained: FittedModel | TrainedModel, folder: Path) -> IntentModel:
    trained.save(folder)
    return IntentModel.load(folder / MODEL_NAME)


def test_same_data_and_seed_give_the_same_model(small_dataset, small_model, tmp_path):
    """Training with the same data and seed leads to the same predictions and card."""
    again = load(train_quietly(small_dataset), tmp_path)

    assert again.predict(TEXTS, top_k=3) == small_model.predict(TEXTS, top_k=3)
    assert replace(again.card, training={}) == replace(small_model.card, training={})


def test_intent_with_control_characters_is_refused(small_dataset):
    """Each intent that no event or header can carry is named with its first line."""
    first, second, *others = small_dataset.train
    train = (replace(first, intent="a\nb"), replace(second, intent="a\nb"), *others)

    with pytest.raises(DataError) as caught:
        train_quietly(replace(small_dataset, train=train))

    assert str(caught.value) == (
        f"small.csv:{first.line}: the intent 'a\\nb' has a control character or line break "
        "in its name"
    )


def test_seed_changes_the_folds(small_dataset, small_trained):
    """Another seed calibrates on other folds."""
    other = fit_quietly(small_dataset, seed=1)

    assert other.card.temperature != small_trained.card.temperature


def test_model_is_calibrated_on_held_out_utterances(small_dataset, small_trained):
    """Temperature and probabilities come from scores by models that have not seen the utterance."""
    training_set = TrainingSet.of(small_dataset.train)
    held_out = cross_validate(training_set, seed=0, progress=lambda _: None)
    calibration = start_calibration(
        training_set, held_out, reject_budget=0.05, seed=0, progress=lambda _: None
    )()

    assert small_trained.card.temperature == calibration.temperature
    assert small_trained.card.in_scope == calibration.in_scope
    assert small_trained.card.threshold == calibration.threshold


def test_threshold_of_a_detector_is_a_probability(small_dataset, tmp_path):
    """With a detector, the card's threshold means the same as in the pipeline itself."""
    outside = tuple(f"{word} is the weather" for word in "abcdefghijklmnopqrstuvwxyz")
    trained = fit_quietly(replace(small_dataset, out_of_scope_validation=outside))
    model = load(trained, tmp_path)
    texts = [*TEXTS, "z is the weather", "how is the weather"]

    assert model.card.in_scope
    assert model.card.threshold == model.card.in_scope.probability(0.0)
    assert [each.intent for each in model.predict(texts)] == (
        joblib.load(tmp_path / MODEL_NAME).predict(texts).tolist()
    )
    assert model.predict(texts)[-1].intent == OUT_OF_SCOPE


def test_detectors_of_contrast_texts_are_labels_of_one_name(small_dataset, tmp_path):
    """A negated request is less probably in scope; the pipeline itself decides as the model."""
    outside = tuple(f"{word} is the weather" for word in "abcdefghijklmnopqrstuvwxyz")
    requests = [each.text for each in small_dataset.train if each.intent == "order_tracking"]
    negated = tuple(
        f"{no} {text}" for no in ("don't", "do not", "never", "no") for text in requests
    )
    trained = train_quietly(
        replace(
            small_dataset,
            out_of_scope_validation=outside,
            contrast_train={"few": negated[:3], "negated": negated},
        )
    )
    model, pipeline = load(trained, tmp_path), joblib.load(tmp_path / MODEL_NAME)

    assert pipeline.classes_.tolist() == [*model.card.labels, OUT_OF_SCOPE, OUT_OF_SCOPE]
    assert trained.card.training["data"]["contrast_train"] == len(negated)
    [inside, outside] = model.score([requests[0], negated[0]])[1]
    assert outside < inside
    texts = [*requests, *negated, *TEXTS, "z is the weather"]
    assert [each.intent for each in model.predict(texts)] == pipeline.predict(texts).tolist()


def test_progress_reports_each_step(small_dataset):
    """Progress is reported for each fold, the fit and the test, in order."""
    steps: list[str] = []

    trained = train(small_dataset, Options(), progress=steps.append)

    loss = trained.card.training["rounding_loss"]
    assert steps == [
        *(f"Choosing the settings, fold {fold} of 5" for fold in range(1, 6)),
        (
            f"Rounding changes held-out accuracy by {0 - 100 * loss:+.2f} points: "
            "the weights take 64 levels"
        ),
        "Leaving out intents in turn, to learn what is out of scope",
        "Fitting on 18 utterances",
        "Compiling, and comparing the compiled form with the pipeline",
        "Testing on 6 utterances",
        "Training on one in 8 utterances",
        "Training on one in 4 utterances",
        "Training on one in 2 utterances",
        "Searching the data for issues",
    ]


@pytest.mark.parametrize(
    ("max_error", "sentence", "is_lower"),
    [
        pytest.param(0.9, "Acts on ", True, id="reached"),
        pytest.param(-1.0, "No confidence keeps the errors so few", False, id="out-of-reach"),
    ],
)
def test_confidence_to_act_on_is_chosen(small_dataset, max_error, sentence, is_lower):
    """Training prints the promise; where it can't be kept, almost nothing is acted on."""
    steps: list[str] = []
    card = fit(small_dataset, Options(max_error=max_error), progress=steps.append).card

    assert any(step.startswith(sentence) for step in steps)
    assert card.act_above is not None
    assert (card.act_above < 1) is is_lower
    assert [point["confidence"] for point in card.training["act_curve"]][:2] == [0.0, 0.1]


def test_weights_of_more_levels_are_reported(small_dataset, monkeypatch):
    """Where few levels cost too much, training says that it takes more."""
    monkeypatch.setattr("model.learning.cross_validation.MAX_LOSS", -1)
    steps: list[str] = []

    fit(small_dataset, Options(), progress=steps.append)

    assert any(step.endswith("the weights take 16384 levels") for step in steps)


@pytest.fixture(scope="module")
def static_trained(small_dataset) -> TrainedModel:
    """A model with static vectors, trained on the small data."""
    return train(small_dataset, Options(features="static"), progress=lambda _: None)


def test_static_vectors_are_compiled(static_trained, small_trained, tmp_path):
    """A model with static vectors is served compiled, and is larger because of them."""
    model = load(static_trained, tmp_path)

    assert static_trained.not_compiled == ""
    assert 4e6 < len(static_trained.compiled) - len(small_trained.compiled) < 6e6
    assert model.predict(["where is my order"])[0].intent == "order_tracking"


def test_unseen_words_are_evidence_by_their_vectors(static_trained, tmp_path):
    """A word outside of the training set speaks for the intent of similar words."""
    model = load(static_trained, tmp_path)

    [best, *_] = model.explain("shipment")

    assert model.predict(["shipment"], top_k=1)[0].alternatives[0].intent == "order_tracking"
    assert best.feature == "shipment"


def test_card_names_the_vectors(static_trained, small_trained):
    """The card records the features and the version of the vectors."""
    static, plain = static_trained.card.training, small_trained.card.training

    assert static["options"]["features"] == "static"
    assert static["versions"]["wordllama"] == version("wordllama")
    assert plain["options"]["features"] == "tfidf"
    assert "wordllama" not in plain["versions"]


def test_largest_intent_bounds_the_folds(small_dataset):
    """There are no more folds than the largest intent has utterances."""
    steps: list[str] = []
    few = tuple(each for each in small_dataset.train if each.line < 4)

    fit(replace(small_dataset, train=few), Options(), progress=steps.append)

    assert [step for step in steps if "fold" in step] == [
        "Choosing the settings, fold 1 of 2",
        "Choosing the settings, fold 2 of 2",
    ]


def test_two_intents_are_enough(small_dataset, tmp_path):
    """A model of two intents, which scikit-learn scores by one number, trains and answers."""
    two = replace(small_dataset, train=small_dataset.train[6:], test=small_dataset.test[2:])
    described = {"order_tracking": IntentDescription("Where an order is", ("where is it",))}

    model = load(train_quietly(replace(two, descriptions=described)), tmp_path)

    assert model.card.labels == ("order_tracking", "password_reset")
    assert model.card.intents == described
    [prediction] = model.predict(["I lost the password"], top_k=2)
    assert prediction.alternatives[0].intent == "password_reset"


@pytest.mark.parametrize(
    ("test_size", "files"),
    [
        pytest.param(0.25, {"small.csv"}, id="put-aside"),
        pytest.param(None, set(), id="of-its-own"),
    ],
)
def test_held_out_part_of_the_data_is_diagnosed_too(small_dataset, test_size, files):
    """Wrong labels are found in a split-off test set, but not in a test file of its own."""
    wrong = replace(small_dataset.test[0], text="please reset my new password")
    dataset = replace(small_dataset, test=(wrong, *small_dataset.test[1:]), test_size=test_size)

    findings = train_quietly(dataset).diagnosis.issues

    found = {each.example.file.name for each in findings.suspects if each.example == wrong}
    assert found == files


def test_card_describes_the_model(small_trained):
    """The card has the labels in the order of scores and the hash of the model's bytes."""
    card = small_trained.card

    assert card.labels == ("greeting", "order_tracking", "password_reset")
    assert card.model_sha256 == hashlib.sha256(small_trained.content).hexdigest()
    assert card.corrects_typos


def test_card_holds_the_models_answer_to_the_self_test(small_trained, small_model):
    """The self-test is one fixed utterance with the model's most likely intent and confidence."""
    self_test = small_trained.card.self_test
    [answer] = small_model.predict([self_test.utterance], top_k=1)

    assert self_test.utterance == "Hello, can you help me with this?"
    assert self_test.intent == answer.alternatives[0].intent
    assert self_test.confidence == pytest.approx(answer.alternatives[0].confidence)


def test_card_records_the_training(small_trained, small_dataset, small_model):
    """The card has data, seed, settings, versions and test results of the training."""
    evaluation = small_trained.evaluation
    loaded = evaluate(small_model, small_dataset.test, small_dataset.out_of_scope_test)
    training = dict(small_trained.card.training)
    created = datetime.fromisoformat(training.pop("created"))

    assert created.utcoffset() == timedelta(0)
    assert created <= datetime.now(UTC)
    assert (evaluation.intents, evaluation.robustness) == (loaded.intents, loaded.robustness)
    settings = training.pop("settings")
    names = [each.name for each in fields(Hyperparameters)]
    chosen = Hyperparameters(*map(settings.get, names))
    assert chosen in candidates(len(small_dataset.train))
    assert (len(settings["weights"]), settings["detector_weight"]) == (2, 0.0)
    assert training.pop("rounding_loss") <= MAX_LOSS or not settings["is_rounded"]
    assert [point["confidence"] for point in training.pop("act_curve")] == [*CONFIDENCES]
    assert training == {
        "options": {
            "seed": 0,
            "reject_budget": 0.05,
            "features": "tfidf",
            "languages": (),
            "max_error": None,
        },
        "data": {
            "sha256": small_dataset.sha256,
            "train": 18,
            "test": 6,
            "out_of_scope_validation": 0,
            "out_of_scope_test": 2,
            "contrast_train": 0,
            "test_size": None,
        },
        "versions": {
            "python": platform.python_version(),
            "scikit-learn": version("scikit-learn"),
            "numpy": version("numpy"),
            "scipy": version("scipy"),
            "joblib": version("joblib"),
        },
        "metrics": asdict(evaluation),
        **small_trained.diagnosis.for_card(),
    }


def test_pipeline_without_compiled_form_is_saved_alone(
    small_dataset, small_trained, tmp_path, monkeypatch, caplog
):
    """A pipeline that can't be compiled is saved without one, and a former one removed."""

    def with_own_tokenizer(*_):
        vectorizer = CountVectorizer(tokenizer=str.split, token_pattern=None)
        return FeatureUnion([("word", vectorizer)])

    monkeypatch.setattr("model.learning.learner.features_for", with_own_tokenizer)
    small_trained.save(tmp_path)

    trained = train_quietly(small_dataset)
    model = load(trained, tmp_path)

    assert trained.not_compiled == "Step 'word' has a function of its own as tokenizer"
    assert sorted(path.name for path in tmp_path.iterdir()) == [MODEL_NAME, CARD_NAME, REPORT_NAME]
    assert "serving by scikit-learn" in caplog.text
    assert model.predict(["reset my password"])[0].confidence > 0


def test_compiled_form_that_answers_otherwise_fails_the_training(small_dataset, monkeypatch):
    """Training fails if the compiled form computes other scores."""
    monkeypatch.setattr("model.inference.compiled_scorer._Layer.apply", lambda *_: None)

    with pytest.raises(EqualityError, match="other scores"):
        train_quietly(small_dataset)


@pytest.fixture(scope="module")
def described_dataset(small_dataset) -> Dataset:
    """Descriptions of the small data's intents; one of them has an utterance as well."""
    texts = {
        "greeting": "Saying hello",
        "order_tracking": "Where a parcel or an order is",
        "password_reset": "A forgotten password",
    }
    file = Path("intents.yaml")
    alone = [
        Example(text, intent, file, 1, DESCRIPTION)
        for intent, text in texts.items()
        if intent != "greeting"
    ]
    descriptions = {intent: IntentDescription(text) for intent, text in texts.items()}
    train_part = (Example("hi", "greeting", file, 2), *alone)
    return Dataset(train_part, small_dataset.test, descriptions=descriptions)


@pytest.fixture(scope="module")
def described(described_dataset) -> FittedModel:
    """A model that learnt from descriptions."""
    options = Options(features="static")
    return fit(described_dataset, options, progress=lambda _: None)


def test_descriptions_alone_are_enough(described, tmp_path):
    """The model knows the intents by what their descriptions mean."""
    described.save(tmp_path)
    model = IntentModel.load(tmp_path / MODEL_NAME)
    texts = ["where is my package", "i can't remember the password", "hello"]

    assert [each.intent for each in model.predict(texts)] == [
        "order_tracking",
        "password_reset",
        "greeting",
    ]


def test_model_of_descriptions_is_not_calibrated(described, small_trained):
    """Its card has no threshold, so that no text is rejected, and says what it learnt from."""
    card = described.card

    assert not described.is_calibrated
    assert (card.in_scope, card.threshold, card.temperature) == (None, None, Temperature(1.0))
    assert card.training["data"]["descriptions"] == 3
    assert "act_curve" not in card.training
    assert card.intents["greeting"].description == "Saying hello"
    assert "descriptions" not in small_trained.card.training["data"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(
            Options(),
            "describes most intents, with too few utterances for n-grams alone: add utterances, "
            "or --features minilm (English), use (16 languages) or static (English)",
            id="without-vectors",
        ),
        pytest.param(
            Options(features="static", max_error=0.1),
            "has too few utterances to measure errors: add some, or do without --max-error",
            id="max-error",
        ),
    ],
)
def test_descriptions_alone_are_refused(described_dataset, options, message):
    """The error says what would be enough."""
    with pytest.raises(DataError) as caught:
        fit(described_dataset, options, progress=lambda _: None)

    assert str(caught.value) == f"intents.yaml: {message}"


def test_model_of_descriptions_has_no_assessment(described_dataset):
    """Cross-validation, which the report consists of, needs utterances."""
    with pytest.raises(DataError, match=r"intents.yaml: has too few utterances to be tested"):
        train(described_dataset, Options(features="static"), progress=lambda _: None)


def test_descriptions_help_where_utterances_are_few(small_dataset):
    """A word of a description alone speaks for its intent."""
    descriptions = {"greeting": IntentDescription("Some cordial salutation")}
    dataset = replace(small_dataset, descriptions=descriptions)
    model = fit(dataset, Options(), progress=lambda _: None).model
    [prediction] = model.predict(["cordial salutation"], top_k=1)

    assert prediction.alternatives[0].intent == "greeting"
