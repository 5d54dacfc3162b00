"""Train a model: choose its settings on held-out folds, fit, calibrate, compile and test it."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import joblib

from model.atomic_files import write_atomically
from model.compilation.verification import compile_and_verify
from model.datasets.dataset import Dataset
from model.errors import CompilationError, DataError, NoWordsError, Problem
from model.evaluation.diagnosis import Diagnosis, diagnose
from model.evaluation.labelled_predictions import LabelledPredictions
from model.evaluation.metrics import Evaluation, robustness_of, summarise
from model.inference.compiled_pipeline import COMPILED_SUFFIX
from model.inference.intent_model import SELF_TEST_UTTERANCE, IntentModel
from model.inference.model_card import CARD_NAME, ModelCard, SelfTest
from model.inference.prediction import OUT_OF_SCOPE
from model.inference.sklearn_scorer import PipelineScorer
from model.inference.static_embedding import Embedding
from model.learning.calibration import fit_temperature, rejection_threshold
from model.learning.cross_validation import HeldOut, Progress, cross_validate
from model.learning.learner import Learner
from model.learning.linear_model import Linear
from model.learning.pipeline import fitted_pipeline
from model.learning.quantization import FINE_LEVELS, LEVELS, rounded, step_of
from model.learning.training_set import TrainingSet
from model.learning.wordllama import PACKAGE, load_embedding
from model.reporting.html_report import render_report

MODEL_NAME = "intent_model.pkl"
COMPILED_NAME = str(Path(MODEL_NAME).with_suffix(COMPILED_SUFFIX))
REPORT_NAME = "report.html"
REJECT_BUDGET = 0.05
CARD_VERSIONS = ("scikit-learn", "numpy", "scipy", "joblib")

Features = Literal["tfidf", "static"]


@dataclass(frozen=True, slots=True)
class Options:
    """What one can ask of a training.

    Attributes:
        seed: of everything random; the same data and seed give the same predictions.
        reject_budget: the share of good utterances that may be taken for out of scope, 0 to 1.
        features: ``tfidf``, or ``static`` for static word vectors beside it.
    """

    seed: int = 0
    reject_budget: float = REJECT_BUDGET
    features: Features = "tfidf"

    def embedding(self) -> Embedding | None:
        """Read the static word vectors, if they are asked for.

        Raises:
            VectorsMissingError: they are not installed.
        """
        return load_embedding() if self.features == "static" else None


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A trained pipeline with its compiled form, as they will be stored, its card and test results.

    A pipeline that has no compiled form is served by scikit-learn; ``not_compiled`` says why.
    """

    content: bytes
    compiled: bytes | None
    not_compiled: str
    card: ModelCard
    evaluation: Evaluation
    answers: LabelledPredictions
    diagnosis: Diagnosis
    report: str

    def save(self, folder: Path) -> None:
        """Write model, compiled form, card and report into a folder, each whole or not at all.

        Compiled form and card name the model's hash, so that the next load notices a cut between
        them.
        """
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / MODEL_NAME, self.content)
        if self.compiled is None:
            (folder / COMPILED_NAME).unlink(missing_ok=True)
        else:
            write_atomically(folder / COMPILED_NAME, self.compiled)
        write_atomically(folder / CARD_NAME, self.card.to_json().encode())
        write_atomically(folder / REPORT_NAME, self.report.encode())


def train(dataset: Dataset, options: Options, *, progress: Progress) -> TrainedModel:
    """Train, calibrate and test a model.

    Args:
        dataset: what to train and test on.
        options: how.
        progress: is told each step as it begins.

    Raises:
        DataError: the utterances hold nothing to learn from.
        EqualityError: the compiled form does not answer as the pipeline.
        VectorsMissingError: the options ask for static word vectors, which are not installed.
    """
    corpus = TrainingSet.of(dataset.train, dataset.out_of_scope_validation, options.embedding())
    try:
        held_out = cross_validate(corpus, seed=options.seed, progress=progress)
        progress(_tell_rounding(held_out))
        progress(f"Fitting on {len(corpus)} utterances")
        pipeline = fit_pipeline(corpus, held_out, options)
    except NoWordsError as error:
        file = dataset.train[0].file
        raise DataError([Problem(file, 0, "holds no words to learn from")]) from error
    scorer, content = PipelineScorer(pipeline), _dump(pipeline)
    card = ModelCard(
        labels=corpus.labels,
        model_sha256=hashlib.sha256(content).hexdigest(),
        temperature=fit_temperature(held_out.logits, corpus.targets[held_out.scored]),
        threshold=_threshold(held_out, options),
    )
    progress("Compiling, and comparing the compiled form with the pipeline")
    compiled, not_compiled = _compile(scorer, corpus.texts, card.model_sha256)
    progress(f"Testing on {len(dataset.test)} utterances")
    model = IntentModel(scorer, card)
    answers = LabelledPredictions.of(model, dataset.test, dataset.out_of_scope_test)
    evaluation = summarise(answers, robustness_of(model, dataset.test))
    unseen = [_cross_validated(dataset, held_out, card, options)]
    if dataset.test_size is not None:  # then the test is a part of the data that is to be mended
        unseen.append(answers)
    diagnosis = diagnose(corpus, held_out, unseen, seed=options.seed, progress=progress)
    training = _describe(dataset, options, held_out) | {"metrics": asdict(evaluation)}
    training |= diagnosis.for_card()
    card = replace(card, self_test=_self_test(model), training=training)
    report = render_report(card, evaluation, answers, diagnosis)
    return TrainedModel(
        content, compiled, not_compiled, card, evaluation, answers, diagnosis, report
    )


def fit_pipeline(corpus: TrainingSet, held_out: HeldOut, options: Options) -> Any:
    """Fit on all utterances, with the settings that cross-validation chose.

    Where a detector was learnt, it is the last label: its logit is what the largest logit has to
    exceed for the utterance to be in scope.
    """
    lesson = Learner(
        corpus.texts, corpus.targets, corpus.labels, seed=options.seed, embedding=corpus.embedding
    )
    linear = held_out.recipe.blend(lesson.fit_base_models(held_out.recipe.settings))
    levels = LEVELS if held_out.is_rounded else FINE_LEVELS
    step, labels = step_of(linear, lesson.ngram_count, levels), corpus.labels
    if held_out.detector_weight:
        detector = lesson.detector(corpus.out_of_scope).times(held_out.detector_weight)
        threshold = _rejection_threshold(held_out, options)
        linear = linear.with_label(Linear(detector.coefficients, detector.intercept + threshold))
        labels = (*labels, OUT_OF_SCOPE)
    rounded_linear = rounded(linear, step, lesson.ngram_count)
    return fitted_pipeline(lesson.features, rounded_linear, labels)


def installed_versions(options: Options) -> dict[str, str]:
    """Give the versions of Python and of the packages that a model's numbers depend on."""
    packages = (*CARD_VERSIONS, PACKAGE) if options.features == "static" else CARD_VERSIONS
    return {"python": platform.python_version()} | {name: version(name) for name in packages}


def _tell_rounding(held_out: HeldOut) -> str:
    change = f"{0 - 100 * held_out.rounding_loss:+.2f} points"
    levels = LEVELS if held_out.is_rounded else FINE_LEVELS
    return f"Rounding changes held-out accuracy by {change}: the weights take {levels} levels"


def _threshold(held_out: HeldOut, options: Options) -> float:
    if held_out.detector_weight:
        return 0.0  # it is a part of the out-of-scope logit
    return _rejection_threshold(held_out, options)


def _rejection_threshold(held_out: HeldOut, options: Options) -> float:
    return rejection_threshold(held_out.scope_scores, options.reject_budget)


def _cross_validated(
    dataset: Dataset, held_out: HeldOut, card: ModelCard, options: Options
) -> LabelledPredictions:
    threshold = _rejection_threshold(held_out, options)
    return LabelledPredictions.of_held_out(
        dataset.train, card.labels, held_out, temperature=card.temperature, threshold=threshold
    )


def _compile(
    scorer: PipelineScorer, texts: Sequence[str], model_sha256: str
) -> tuple[bytes | None, str]:
    try:
        compiled = compile_and_verify(scorer, texts)
    except CompilationError as error:
        return None, str(error)
    return compiled.to_bytes(model_sha256=model_sha256), ""


def _self_test(model: IntentModel) -> SelfTest:
    [answer] = model.predict([SELF_TEST_UTTERANCE], top_k=1)
    return SelfTest(SELF_TEST_UTTERANCE, answer.alternatives[0].intent, answer.confidence)


def _describe(dataset: Dataset, options: Options, held_out: HeldOut) -> dict[str, Any]:
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "options": asdict(options),
        "settings": asdict(held_out.recipe.settings)
        | {
            "weights": held_out.recipe.weights,
            "detector_weight": held_out.detector_weight,
            "is_rounded": held_out.is_rounded,
        },
        "rounding_loss": held_out.rounding_loss,
        "data": {
            "sha256": dataset.sha256,
            "train": len(dataset.train),
            "test": len(dataset.test),
            "out_of_scope_validation": len(dataset.out_of_scope_validation),
            "out_of_scope_test": len(dataset.out_of_scope_test),
            "test_size": dataset.test_size,
        },
        "versions": installed_versions(options),
    }


def _dump(pipeline: Any) -> bytes:
    buffer = BytesIO()
    # Most coefficients are zero: compressed, the file takes a tenth.
    joblib.dump(pipeline, buffer, compress=3)
    return buffer.getvalue()
