"""The record of a training on its model card: options, hyperparameters, data and versions."""

from __future__ import annotations

import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from model.datasets.dataset import Dataset
from model.learning.cross_validation import HeldOut
from model.learning.embeddings import PACKAGES, Features, LoadedEmbedding
from model.learning.training_set import TrainingSet

REJECT_BUDGET = 0.05
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


def installed_versions(options: Options) -> dict[str, str]:
    """Return the versions of Python and of the packages that a model depends on."""
    packages = [*CARD_VERSIONS]
    if options.features in PACKAGES:
        packages.append(PACKAGES[options.features])
    return {"python": platform.python_version()} | {name: version(name) for name in packages}


def describe_training(
    dataset: Dataset,
    training_set: TrainingSet,
    options: Options,
    held_out: HeldOut,
    loaded: LoadedEmbedding,
) -> dict[str, Any]:
    """Return the record of a training, as the card holds it: texts are counted if they are used."""
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
            "out_of_scope_validation": len(training_set.out_of_scope),
            "out_of_scope_test": len(dataset.out_of_scope_test),
            "contrast_train": sum(map(len, training_set.contrast)),
            "test_size": dataset.test_size,
        }
        | ({"descriptions": described} if described else {}),
        "versions": installed_versions(options),
    }
