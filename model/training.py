"""Train a model: fit the pipeline, calibrate it on held-out folds, test it, save it."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold

from model.calibration import fit_temperature, rejection_threshold
from model.compiled_file import COMPILED_SUFFIX
from model.dataset import Dataset
from model.equality import compile_and_prove
from model.errors import CompilationError, DataError, Problem
from model.evaluation import Evaluation, evaluate
from model.files import write_atomically
from model.formats import Example
from model.intent_model import SELF_TEST_UTTERANCE, IntentModel
from model.model_card import CARD_NAME, ModelCard, SelfTest
from model.pipeline import build_pipeline
from model.quantisation import quantise
from model.sklearn_scorer import PipelineScorer

MODEL_NAME = "intent_model.pkl"
COMPILED_NAME = str(Path(MODEL_NAME).with_suffix(COMPILED_SUFFIX))
REJECT_BUDGET = 0.05
MOST_FOLDS = 5
CARD_VERSIONS = ("scikit-learn", "numpy", "scipy", "joblib")

Progress = Callable[[str], None]


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

    def save(self, folder: Path) -> None:
        """Write model, compiled form and card into a folder, each whole or not at all.

        The latter two name the model's hash, so a cut between them is noticed by the next load.
        """
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / MODEL_NAME, self.content)
        if self.compiled is None:
            (folder / COMPILED_NAME).unlink(missing_ok=True)
        else:
            write_atomically(folder / COMPILED_NAME, self.compiled)
        write_atomically(folder / CARD_NAME, self.card.to_json().encode())


def train(dataset: Dataset, *, seed: int, progress: Progress) -> TrainedModel:
    """Train, calibrate and test a model.

    Args:
        dataset: what to train and test on.
        seed: of everything random; the same data and seed give the same predictions.
        progress: is told each step as it begins.

    Raises:
        DataError: the utterances hold nothing to learn from.
    """
    pipeline = build_pipeline()
    held_out = _held_out_logits(pipeline, dataset.train, seed=seed, progress=progress)
    progress(f"Fitting on {len(dataset.train)} utterances")
    _fit(pipeline, dataset.train)

    scorer = PipelineScorer(pipeline)
    content = _dump(pipeline)
    targets = np.array([scorer.labels.index(example.intent) for example in dataset.train])
    card = ModelCard(
        labels=scorer.labels,
        model_sha256=hashlib.sha256(content).hexdigest(),
        temperature=fit_temperature(held_out, targets),
        threshold=rejection_threshold(held_out, REJECT_BUDGET),
    )
    progress("Compiling, and comparing the compiled form with the pipeline")
    compiled, not_compiled = _compile(scorer, dataset.train, card.model_sha256)
    progress(f"Testing on {len(dataset.test)} utterances")
    model = IntentModel(scorer, card)
    evaluation = evaluate(model, dataset.test, dataset.out_of_scope_test)
    card = replace(
        card,
        self_test=_self_test(model),
        training={
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "seed": seed,
            "reject_budget": REJECT_BUDGET,
            "data": _describe(dataset),
            "versions": {"python": platform.python_version()}
            | {name: version(name) for name in CARD_VERSIONS},
            "metrics": asdict(evaluation),
        },
    )
    return TrainedModel(content, compiled, not_compiled, card, evaluation)


def _held_out_logits(
    pipeline: Any, examples: Sequence[Example], *, seed: int, progress: Progress
) -> NDArray[np.float64]:
    """Score each training utterance by a model that has not seen it."""
    texts = np.array([example.text for example in examples], dtype=object)
    intents = np.array([example.intent for example in examples])
    names, counts = np.unique(intents, return_counts=True)
    logits = np.empty((len(texts), len(names)))
    fold_count = min(MOST_FOLDS, int(counts.min()))
    folds = StratifiedKFold(fold_count, shuffle=True, random_state=seed).split(texts, intents)
    for number, (fitted, held_out) in enumerate(folds, start=1):
        progress(f"Calibrating, fold {number} of {fold_count}")
        scorer = PipelineScorer(_fit(clone(pipeline), [examples[index] for index in fitted]))
        logits[held_out] = scorer.logits(texts[held_out])
    return logits


def _compile(
    scorer: PipelineScorer, examples: Sequence[Example], model_sha256: str
) -> tuple[bytes | None, str]:
    try:
        compiled = compile_and_prove(scorer, [example.text for example in examples])
    except CompilationError as error:
        return None, str(error)
    return compiled.to_bytes(model_sha256=model_sha256), ""


def _fit(pipeline: Any, examples: Sequence[Example]) -> Any:
    texts = [example.text for example in examples]
    try:
        pipeline.fit(texts, [example.intent for example in examples])
    except ValueError as error:  # scikit-learn's only objection to checked data: no vocabulary
        raise DataError([Problem(examples[0].file, 0, "holds no words to learn from")]) from error
    quantise(pipeline[-1])
    return pipeline


def _self_test(model: IntentModel) -> SelfTest:
    [answer] = model.predict([SELF_TEST_UTTERANCE], top_k=1)
    return SelfTest(SELF_TEST_UTTERANCE, answer.alternatives[0].intent, answer.confidence)


def _describe(dataset: Dataset) -> dict[str, object]:
    return {
        "sha256": dataset.sha256,
        "train": len(dataset.train),
        "test": len(dataset.test),
        "out_of_scope_test": len(dataset.out_of_scope_test),
    }


def _dump(pipeline: Any) -> bytes:
    buffer = BytesIO()
    # Most coefficients are zero: compressed, the file takes a tenth.
    joblib.dump(pipeline, buffer, compress=3)
    return buffer.getvalue()
