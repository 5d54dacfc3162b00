"""Repeat the training that a model card records, and compare all values of both cards."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.datasets.dataset import Dataset, load_dataset
from model.datasets.documents.document import ReadOptions
from model.errors import ArtifactBrokenError, DataError
from model.inference.model_card import ModelCard
from model.learning.cross_validation import Progress
from model.training.record import Options, installed_versions
from model.training.trainer import fit, train

# Other processors round sums differently in the last digits.
TOLERANCE = 1e-6
DEFAULT_TEST_SIZE = 0.2  # not used by data with a test set of its own
NOT_COMPARED = (
    "training.created",
    "training.versions",
    "training.encoder.milliseconds",
    "model_sha256",
)
# Compared, but too many to print.
DETAILS = (".intents.", ".intervals.", ".interval.", ".confusions.")


@dataclass(frozen=True, slots=True)
class Comparison:
    """A value of the recorded card and of the repeated training; None where it is missing.

    ``name`` is the path of the value in the card, separated by dots.
    """

    name: str
    recorded: Any
    repeated: Any

    @property
    def is_same(self) -> bool:
        """Return whether both values are equal, numbers within the tolerance."""
        both = (self.recorded, self.repeated)
        if all(isinstance(value, int | float) for value in both):
            return math.isclose(*both, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        return bool(self.recorded == self.repeated)

    @property
    def is_main(self) -> bool:
        """Return whether the value is one of the few numbers to print."""
        is_number = isinstance(self.recorded, int | float)
        return is_number and not any(part in self.name for part in DETAILS)


@dataclass(frozen=True, slots=True)
class Reproduction:
    """The result of a repeated training.

    Attributes:
        comparisons: of all values of both cards.
        has_same_bytes: whether the model files are equal.
    """

    comparisons: tuple[Comparison, ...]
    has_same_bytes: bool

    @property
    def differences(self) -> list[Comparison]:
        """The comparisons of different values."""
        return [each for each in self.comparisons if not each.is_same]


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """Options, data and versions of the training that a card records."""

    options: Options
    data_sha256: str
    test_size: float
    versions: Mapping[str, str]

    @classmethod
    def of(cls, card: ModelCard, path: Path) -> TrainingRecord:
        """Read the record from a card.

        Raises:
            ArtifactBrokenError: the card has no record, or one of another version.
        """
        try:
            data = card.training["data"]
            return cls(
                Options(**card.training["options"]),
                str(data["sha256"]),
                float(data["test_size"] or DEFAULT_TEST_SIZE),
                dict(card.training["versions"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ArtifactBrokenError(path, "does not record how it was trained") from error

    def load(self, path: Path, options: ReadOptions = ReadOptions()) -> Dataset:
        """Read the data of the training.

        Raises:
            DataError: the data can't be trained on, or its hash differs from the recorded one.
        """
        # The hash also depends on whether contradictions were left out.
        dataset = load_dataset(
            path,
            seed=self.options.seed,
            test_size=self.test_size,
            leave_out_contradictions=True,
            options=options,
        )
        if dataset.sha256 != self.data_sha256:
            message = (
                f"is other data than the card's: SHA-256 {dataset.sha256[:12]}…, "
                f"not {self.data_sha256[:12]}…; name its data by --data, and read it by the "
                "options of the training"
            )
            raise DataError.at(path, message)
        return dataset

    def other_versions(self) -> list[str]:
        """Return a message for each library whose version differs from the recorded one."""
        here = installed_versions(self.options)
        return [
            f"the card was made with {name} {there}, here is {here.get(name, 'none')}"
            for name, there in self.versions.items()
            if here.get(name) != there
        ]


def reproduce(
    card: ModelCard, record: TrainingRecord, dataset: Dataset, progress: Progress
) -> Reproduction:
    """Repeat the training that a card records, and compare the cards."""
    repeat = train if "metrics" in card.training else fit
    repeated = repeat(dataset, record.options, progress=progress).card
    before, after = (dict(_values(json.loads(each.to_json()))) for each in (card, repeated))
    comparisons = tuple(
        Comparison(name, before.get(name), after.get(name))
        for name in before | after
        if not name.startswith(NOT_COMPARED)
    )
    return Reproduction(comparisons, card.model_sha256 == repeated.model_sha256)


def _values(content: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value within JSON objects and lists, with its path."""
    if not isinstance(content, dict | list):
        yield path, content
        return
    items = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in items:
        yield from _values(value, f"{path}.{key}" if path else str(key))
