"""Train a model: cross-validate, fit, calibrate and compile it; then test and describe it."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any

import joblib

from model.atomic_files import write_atomically
from model.compilation.verification import compile_and_verify
from model.datasets.dataset import Dataset
from model.errors import CompilationError, DataError, NoWordsError, Problem
from model.evaluation.act_curve import act_curve, act_point, choose_act_above, describe
from model.evaluation.contrast_metrics import safely_answered
from model.evaluation.diagnosis import Diagnosis, diagnose
from model.evaluation.labelled_predictions import LabelledPredictions
from model.evaluation.metrics import Evaluation, robustness_of, summarise
from model.inference.compiled_pipeline import COMPILED_SUFFIX
from model.inference.encoders import ENCODER_NAME
from model.inference.intent_model import SELF_TEST_UTTERANCE, IntentModel
from model.inference.model_card import CARD_NAME, ModelCard, SelfTest
from model.inference.prediction import OUT_OF_SCOPE, is_valid_intent
from model.inference.sklearn_scorer import PipelineScorer
from model.learning.calibration import Calibration, calibrate
from model.learning.cross_validation import HeldOut, Progress, cross_validate
from model.learning.detectors import Detectors
from model.learning.embeddings import PACKAGES, Features, LoadedEmbedding, load_embedding
from model.learning.learner import Learner
from model.learning.linear_model import Linear
from model.learning.pipeline import fitted_pipeline
from model.learning.quantization import FINE_LEVELS, LEVELS, rounded
from model.learning.training_set import TrainingSet
from model.reporting.html_report import render_report
from model.training.few_utterances import no_calibration, nothing_held_out

MODEL_NAME = "intent_model.pkl"
COMPILED_NAME = str(Path(MODEL_NAME).with_suffix(COMPILED_SUFFIX))
REPORT_NAME = "report.html"
REJECT_BUDGET = 0.05
# How to train where n-grams alone are not enough.
WITH_VECTORS = "--features minilm (English), use (16 languages) or static (English)"
CARD_VERSIONS = ("scikit-learn", "numpy", "scipy", "joblib")


@dataclass(frozen=True, slots=True)
class Options:
    """Options of a training run.

    Attributes:
        seed: the random seed; equal data and seeds lead to equal predictions.
        reject_budget: the share of in-scope utterances that may be rejected, 0 to 1.
        features: ``tfidf``; ``static`` for additional static word vectors; ``use`` or ``minilm``
            for the vectors of a sentence encoder.
        languages: codes of the languages whose pieces the encoder keeps; all if empty.
        max_error: the share of wrong intents among the messages that are acted on, 0 to 1; None
            chooses no confidence to act on.
    """

    seed: int = 0
    reject_budget: float = REJECT_BUDGET
    features: Features = "tfidf"
    languages: tuple[str, ...] = ()
    max_error: float | None = None


@dataclass(frozen=True, slots=True)
class FittedModel:
    """All that is served of a model, and what its assessment needs.

    ``not_compiled`` is the reason why a pipeline has no compiled form, or empty.
    """

    content: bytes
    compiled: bytes | None
    not_compiled: str
    card: ModelCard
    model: IntentModel
    encoder: bytes | None
    training_set: TrainingSet
    held_out: HeldOut
    calibration: Calibration

    @property
    def is_calibrated(self) -> bool:
        """Return whether confidences and threshold were fitted on held-out utterances."""
        return self.card.in_scope is not None

    def save(self, folder: Path) -> None:
        """Write pipeline, compiled form and card into a folder, each atomically.

        The report of a former model is deleted.
        """
        _save_served(folder, self)
        (folder / REPORT_NAME).unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """The files of a trained model, and its test results.

    ``not_compiled`` is the reason why a pipeline has no compiled form, or empty.
    """

    content: bytes
    compiled: bytes | None
    not_compiled: str
    card: ModelCard
    evaluation: Evaluation
    predictions: LabelledPredictions
    diagnosis: Diagnosis
    report: str
    encoder: bytes | None

    def save(self, folder: Path) -> None:
        """Write pipeline, compiled form, card and report into a folder, each atomically."""
        _save_served(folder, self)
        write_atomically(folder / REPORT_NAME, self.report.encode())

    def save_assessment(self, folder: Path) -> None:
        """Write card and report beside the saved ``FittedModel``."""
        _save_card(folder, self.card)
        write_atomically(folder / REPORT_NAME, self.report.encode())


def served_bytes(model: FittedModel | TrainedModel) -> int:
    """Return the size of the files that are served, without the card."""
    return len(model.compiled or model.content) + len(model.encoder or b"")


def _save_served(folder: Path, model: FittedModel | TrainedModel) -> None:
    """Write all that is served.

    Compiled form and card contain the pipeline's hash, so that a load detects an interruption
    between the files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _save_or_delete(folder / ENCODER_NAME, model.encoder)
    write_atomically(folder / MODEL_NAME, model.content)
    _save_or_delete(folder / COMPILED_NAME, model.compiled)
    _save_card(folder, model.card)


def _save_or_delete(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink(missing_ok=True)
    else:
        write_atomically(path, content)


def _save_card(folder: Path, card: ModelCard) -> None:
    write_atomically(folder / CARD_NAME, card.to_json().encode())


def train(dataset: Dataset, options: Options, *, progress: Progress) -> TrainedModel:
    """Fit and assess a model; the arguments and errors are those of ``fit``."""
    fitted = fit(dataset, options, progress=progress)
    return assess(fitted, dataset, options, progress=progress)


def fit(dataset: Dataset, options: Options, *, progress: Progress) -> FittedModel:
    """Cross-validate, fit, calibrate and compile a model.

    Args:
        dataset: training and test utterances.
        options: seed, reject budget and features.
        progress: called with a line of text at each step.

    Raises:
        DataError: the utterances have no words, an intent has an invalid name, or the options need
            more utterances than the data has.
        EqualityError: the predictions of the compiled form differ from the pipeline's.
        VectorsMissingError, EncoderMissingError: the weights are not installed.
    """
    _check_intents(dataset)
    is_calibrated = not dataset.is_mostly_described
    if not is_calibrated:
        _check_described(dataset, options)
    loaded = load_embedding(options.features, options.languages)
    if loaded.title:
        progress(f"Encoding {len(dataset.train)} utterances by {loaded.title}")
    training_set = TrainingSet.of(
        dataset.train,
        dataset.out_of_scope_validation,
        loaded.embedding,
        dataset.taught_descriptions,
        contrast=dataset.contrast_train.values(),
    )
    try:
        if is_calibrated:
            held_out, calibration = _hold_out(training_set, options, progress)
        else:
            held_out, calibration = nothing_held_out(training_set), no_calibration()
        progress(f"Fitting on {len(training_set)} utterances")
        pipeline = fit_pipeline(training_set, held_out, calibration, options)
    except NoWordsError as error:
        file = dataset.train[0].file
        raise DataError.at(file, "holds no words to learn from") from error
    scorer, content = PipelineScorer(pipeline), _dump(pipeline)
    card = ModelCard(
        labels=training_set.labels,
        model_sha256=hashlib.sha256(content).hexdigest(),
        temperature=calibration.temperature,
        intents=dataset.descriptions,
    )
    training = _describe(dataset, options, held_out, loaded)
    if is_calibrated:
        card = _with_scope(card, held_out, calibration)
        predictions = LabelledPredictions.of_held_out(
            dataset.train, card.labels, held_out, calibration
        )
        if options.max_error is not None:
            act_above = choose_act_above(predictions, options.max_error)
            progress(_describe_act(predictions, act_above))
            card = replace(card, act_above=1.0 if act_above is None else act_above)
        training["act_curve"] = [asdict(point) for point in act_curve(predictions)]
    progress("Compiling, and comparing the compiled form with the pipeline")
    compiled, not_compiled = _compile(scorer, training_set.texts, card.model_sha256)
    model = IntentModel(scorer, card)
    card = replace(card, self_test=_self_test(model), training=training)
    return FittedModel(
        content,
        compiled,
        not_compiled,
        card,
        model,
        loaded.file,
        training_set,
        held_out,
        calibration,
    )


def _hold_out(
    training_set: TrainingSet, options: Options, progress: Progress
) -> tuple[HeldOut, Calibration]:
    held_out = cross_validate(training_set, seed=options.seed, progress=progress)
    progress(_describe_rounding(held_out))
    calibration = calibrate(
        training_set,
        held_out,
        reject_budget=options.reject_budget,
        seed=options.seed,
        progress=progress,
    )
    return held_out, calibration


def _with_scope(card: ModelCard, held_out: HeldOut, calibration: Calibration) -> ModelCard:
    """Return the card with the probability of being in scope, and its threshold."""
    in_scope = calibration.in_scope
    if held_out.has_detectors:  # the logits of the out-of-scope labels contain the lowest score
        in_scope = in_scope.relative_to(calibration.lowest_score)
    return replace(card, in_scope=in_scope, threshold=calibration.threshold)


def assess(
    fitted: FittedModel, dataset: Dataset, options: Options, *, progress: Progress
) -> TrainedModel:
    """Test a model, diagnose its training data, and describe both in card and report.

    Args:
        fitted: the model; neither its pipeline nor its compiled form changes.
        dataset: the data that it was fitted on, with its test utterances.
        options: those that it was fitted with.
        progress: called with a line of text at each step.

    Raises:
        DataError: the data has no utterances for the test, or none was held out.
    """
    if not fitted.is_calibrated or not dataset.test:
        raise DataError.at(dataset.train[0].file, "has too few utterances to be tested")
    progress(f"Testing on {len(dataset.test)} utterances")
    model, held_out = fitted.model, fitted.held_out
    predictions = LabelledPredictions.of(model, dataset.test, dataset.out_of_scope_test)
    evaluation = summarise(
        predictions,
        robustness_of(model, dataset.test),
        safely_answered(model, dataset.contrast),
    )
    unseen = [
        LabelledPredictions.of_held_out(
            dataset.train, fitted.card.labels, held_out, calibration=fitted.calibration
        )
    ]
    if dataset.test_size is not None:  # the test utterances are a part of the diagnosed file
        unseen.append(predictions)
    diagnosis = diagnose(
        fitted.training_set, held_out, unseen, seed=options.seed, progress=progress
    )
    results = {"metrics": asdict(evaluation)} | diagnosis.for_card()
    card = replace(fitted.card, training={**fitted.card.training, **results})
    report = render_report(card, evaluation, predictions, diagnosis)
    return TrainedModel(
        fitted.content,
        fitted.compiled,
        fitted.not_compiled,
        card,
        evaluation,
        predictions,
        diagnosis,
        report,
        fitted.encoder,
    )


def fit_pipeline(
    training_set: TrainingSet, held_out: HeldOut, calibration: Calibration, options: Options
) -> Any:
    """Fit on all utterances, with the hyperparameters that cross-validation chose.

    The detectors become the last labels, all of the same name: an utterance is in scope if the
    largest other logit is at least theirs.
    """
    learner = Learner.of(training_set, seed=options.seed)
    linear = learner.fit(held_out.ensemble)
    labels = training_set.labels
    if held_out.has_detectors:
        detectors = Detectors.fit(learner, *training_set.outside)
        for each in detectors.columns(held_out.detector_weight, held_out.contrast_weights):
            intercept = each.intercept + calibration.lowest_score
            linear = linear.with_label(Linear(each.coefficients, intercept))
            labels = (*labels, OUT_OF_SCOPE)
    levels = LEVELS if held_out.is_rounded else FINE_LEVELS
    rounded_linear = rounded(linear, learner.ngram_count, levels)
    return fitted_pipeline(learner.fit_union(), rounded_linear, labels)


def _check_intents(dataset: Dataset) -> None:
    problems = {
        example.intent: Problem(
            example.file,
            example.line,
            f"the intent {example.intent!a} has a control character or line break in its name",
        )
        for example in reversed(dataset.train)
        if not is_valid_intent(example.intent)
    }
    if problems:
        raise DataError(list(reversed(problems.values())))


def _check_described(dataset: Dataset, options: Options) -> None:
    """Refuse options that data without enough utterances can't be trained with."""
    message = ""
    if options.features == "tfidf":
        message = (
            "describes most intents, with too few utterances for n-grams alone: add utterances, "
            f"or {WITH_VECTORS}"
        )
    elif options.max_error is not None:
        message = "has too few utterances to measure errors: add some, or do without --max-error"
    if message:
        raise DataError.at(dataset.train[0].file, message)


def installed_versions(options: Options) -> dict[str, str]:
    """Return the versions of Python and of the packages that a model depends on."""
    packages = [*CARD_VERSIONS]
    if options.features in PACKAGES:
        packages.append(PACKAGES[options.features])
    return {"python": platform.python_version()} | {name: version(name) for name in packages}


def _describe_rounding(held_out: HeldOut) -> str:
    change = f"{0 - 100 * held_out.rounding_loss:+.2f} points"
    levels = LEVELS if held_out.is_rounded else FINE_LEVELS
    return f"Rounding changes held-out accuracy by {change}: the weights take {levels} levels"


def _describe_act(predictions: LabelledPredictions, act_above: float | None) -> str:
    if act_above is None:
        return "No confidence keeps the errors so few: the model acts on a confidence of 1 only"
    return describe(act_point(predictions, act_above))


def _compile(
    scorer: PipelineScorer, texts: Sequence[str], model_sha256: str
) -> tuple[bytes | None, str]:
    try:
        compiled = compile_and_verify(scorer, texts)
    except CompilationError as error:
        return None, str(error)
    return compiled.to_bytes(model_sha256=model_sha256), ""


def _self_test(model: IntentModel) -> SelfTest:
    [prediction] = model.predict([SELF_TEST_UTTERANCE], top_k=1)
    [best] = prediction.alternatives
    return SelfTest(SELF_TEST_UTTERANCE, best.intent, best.confidence)


def _describe(
    dataset: Dataset, options: Options, held_out: HeldOut, loaded: LoadedEmbedding
) -> dict[str, Any]:
    encoder = loaded.describe([example.text for example in dataset.train])
    described = dataset.description_count
    return ({"encoder": encoder} if encoder else {}) | {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "options": asdict(options),
        "settings": asdict(held_out.ensemble.hyperparameters)
        | {
            "weights": held_out.ensemble.weights,
            "detector_weight": held_out.detector_weight,
            "contrast_weights": held_out.contrast_weights,
            "is_rounded": held_out.is_rounded,
        },
        "rounding_loss": held_out.rounding_loss,
        "data": {
            "sha256": dataset.sha256,
            "train": len(dataset.train),
            "test": len(dataset.test),
            "out_of_scope_validation": len(dataset.out_of_scope_validation),
            "out_of_scope_test": len(dataset.out_of_scope_test),
            "contrast_train": sum(map(len, dataset.contrast_train.values())),
            "test_size": dataset.test_size,
        }
        | ({"descriptions": described} if described else {}),
        "versions": installed_versions(options),
    }


def _dump(pipeline: Any) -> bytes:
    buffer = BytesIO()
    # Most coefficients are zero, so that compression saves nine tenths.
    joblib.dump(pipeline, buffer, compress=3)
    return buffer.getvalue()
