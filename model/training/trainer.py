"""Train a model: cross-validate, fit, calibrate and compile it; then test and describe it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from io import BytesIO
from typing import Any

import joblib

from model.compilation.verification import compile_and_verify
from model.datasets.dataset import Dataset
from model.errors import CompilationError, DataError, NoWordsError
from model.evaluation.act_curve import act_curve, act_point, choose_act_above, describe
from model.evaluation.contrast_metrics import safely_answered
from model.evaluation.diagnosis import diagnose
from model.evaluation.labelled_predictions import LabelledPredictions
from model.evaluation.metrics import robustness_of, summarise
from model.inference.intent_model import SELF_TEST_UTTERANCE, IntentModel
from model.inference.model_card import ModelCard, SelfTest
from model.inference.prediction import OUT_OF_SCOPE
from model.inference.sklearn_scorer import PipelineScorer
from model.learning.calibration import Calibration, start_calibration
from model.learning.cross_validation import HeldOut, Progress, cross_validate
from model.learning.detectors import Detectors
from model.learning.embeddings import LoadedEmbedding, load_embedding
from model.learning.learner import Learner
from model.learning.linear_model import Linear
from model.learning.pipeline import fitted_pipeline
from model.learning.quantization import FINE_LEVELS, LEVELS, rounded
from model.learning.training_set import TrainingSet
from model.reporting.html_report import render_report
from model.training.checks import check_described, check_intents
from model.training.few_utterances import no_calibration, nothing_held_out
from model.training.fitted_model import FittedModel, TrainedModel
from model.training.record import Options, describe_training


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
    check_intents(dataset)
    if dataset.is_mostly_described:
        check_described(dataset, options)
    loaded = load_embedding(options.features, options.languages)
    training_set = _training_set(dataset, loaded, progress)
    held_out, pipeline, calibration = _fit(dataset, training_set, options, progress)
    scorer, content = PipelineScorer(pipeline), _dump(pipeline)
    card = ModelCard(
        labels=training_set.labels,
        model_sha256=hashlib.sha256(content).hexdigest(),
        temperature=calibration.temperature,
        corrects_typos=True,
        training=describe_training(dataset, training_set, options, held_out, loaded),
        intents=dataset.descriptions,
    )
    if not dataset.is_mostly_described:
        predictions = LabelledPredictions.of_held_out(
            dataset.train, card.labels, held_out, calibration
        )
        card = _with_scope(card, held_out, calibration)
        card = _with_act_curve(card, predictions, options.max_error, progress)
    progress("Compiling, and comparing the compiled form with the pipeline")
    compiled, not_compiled = _compile(scorer, training_set.texts, card.model_sha256)
    model = IntentModel(scorer, card)
    return FittedModel(
        content=content,
        compiled=compiled,
        not_compiled=not_compiled,
        card=replace(card, self_test=_self_test(model)),
        model=model,
        encoder=loaded.file,
        training_set=training_set,
        held_out=held_out,
        calibration=calibration,
    )


def _training_set(dataset: Dataset, loaded: LoadedEmbedding, progress: Progress) -> TrainingSet:
    if loaded.title:
        progress(f"Encoding {len(dataset.train)} utterances by {loaded.title}")
    return TrainingSet.of(
        dataset.train,
        dataset.out_of_scope_validation,
        loaded.embedding,
        dataset.taught_descriptions,
        contrast=dataset.contrast_train.values(),
    )


def _fit(
    dataset: Dataset, training_set: TrainingSet, options: Options, progress: Progress
) -> tuple[HeldOut, Any, Calibration]:
    """Return the scores of cross-validation, the fitted pipeline and its calibration.

    Data that mostly describes its intents is not cross-validated.
    """
    try:
        if dataset.is_mostly_described:
            held_out, finish_calibration = nothing_held_out(training_set), no_calibration
        else:
            held_out, finish_calibration = _hold_out(training_set, options, progress)
        progress(f"Fitting on {len(training_set)} utterances")
        pipeline, calibration = _fit_pipeline(training_set, held_out, finish_calibration, options)
    except NoWordsError as error:
        file = dataset.train[0].file
        raise DataError.at(file, "holds no words to learn from") from error
    return held_out, pipeline, calibration


def _hold_out(
    training_set: TrainingSet, options: Options, progress: Progress
) -> tuple[HeldOut, Callable[[], Calibration]]:
    held_out = cross_validate(training_set, seed=options.seed, progress=progress)
    progress(_describe_rounding(held_out))
    finish_calibration = start_calibration(
        training_set,
        held_out,
        reject_budget=options.reject_budget,
        seed=options.seed,
        progress=progress,
    )
    return held_out, finish_calibration


def _with_scope(card: ModelCard, held_out: HeldOut, calibration: Calibration) -> ModelCard:
    """Return the card with the probability of being in scope, and its threshold."""
    in_scope = calibration.in_scope
    if held_out.has_detectors:  # the logits of the out-of-scope labels contain the lowest score
        in_scope = in_scope.relative_to(calibration.lowest_score)
    return replace(card, in_scope=in_scope, threshold=calibration.threshold)


def _with_act_curve(
    card: ModelCard, predictions: LabelledPredictions, max_error: float | None, progress: Progress
) -> ModelCard:
    """Return the card with the act curve and, for a limit of errors, the confidence to act on."""
    curve = [asdict(point) for point in act_curve(predictions)]
    act_above = None if max_error is None else _act_above(predictions, max_error, progress)
    return replace(card, act_above=act_above, training={**card.training, "act_curve": curve})


def assess(
    fitted: FittedModel, dataset: Dataset, options: Options, *, progress: Progress
) -> TrainedModel:
    """Test a model, diagnose its training data, and describe both in card and report.

    Neither the pipeline nor the compiled form changes.

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
    return TrainedModel(
        **vars(fitted) | {"card": card},
        evaluation=evaluation,
        predictions=predictions,
        diagnosis=diagnosis,
        report=render_report(card, evaluation, predictions, diagnosis),
    )


def _fit_pipeline(
    training_set: TrainingSet,
    held_out: HeldOut,
    finish_calibration: Callable[[], Calibration],
    options: Options,
) -> tuple[Any, Calibration]:
    """Fit on all utterances, with the hyperparameters that cross-validation chose.

    The detectors become the last labels, all of the same name: an utterance is in scope if the
    largest other logit is at least theirs.
    """
    learner = Learner(training_set, seed=options.seed)
    linear, union = learner.fit(held_out.ensemble), learner.fit_union()
    calibration = finish_calibration()  # other processes worked on it meanwhile
    labels = training_set.labels
    if held_out.has_detectors:
        detectors = Detectors.fit(learner, *training_set.outside)
        for each in detectors.columns(held_out.detector_weight, held_out.contrast_weights):
            intercept = each.intercept + calibration.lowest_score
            linear = linear.with_label(Linear(each.coefficients, intercept))
            labels = (*labels, OUT_OF_SCOPE)
    levels = LEVELS if held_out.is_rounded else FINE_LEVELS
    rounded_linear = rounded(linear, learner.ngram_count, levels)
    return fitted_pipeline(union, rounded_linear, labels), calibration


def _describe_rounding(held_out: HeldOut) -> str:
    change = f"{0 - 100 * held_out.rounding_loss:+.2f} points"  # -0.0 would print as -0.00
    levels = LEVELS if held_out.is_rounded else FINE_LEVELS
    return f"Rounding changes held-out accuracy by {change}: the weights take {levels} levels"


def _act_above(predictions: LabelledPredictions, max_error: float, progress: Progress) -> float:
    """Choose the confidence to act on, and report what it achieves."""
    act_above = choose_act_above(predictions, max_error)
    if act_above is None:
        progress("No confidence keeps the errors so few: the model acts on a confidence of 1 only")
        return 1.0
    progress(describe(act_point(predictions, act_above)))
    return act_above


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


def _dump(pipeline: Any) -> bytes:
    buffer = BytesIO()
    # Most coefficients are zero, so that compression saves nine tenths.
    joblib.dump(pipeline, buffer, compress=3)
    return buffer.getvalue()
