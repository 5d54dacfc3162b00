"""Train again as a model card says, and compare every number of both cards."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.datasets.dataset import Dataset, load_dataset
from model.errors import ArtifactBrokenError, DataError, Problem
from model.inference.model_card import ModelCard
from model.learning.cross_validation import Progress
from model.training.trainer import Options, installed_versions, train

# What another processor may change in the last places of a sum.
TOLERANCE = 1e-6
DEFAULT_TEST_SIZE = 0.2  # of data that has its own test, where none is needed
NOT_COMPARED = ("training.created", "training.versions", "model_sha256")
# They are compared, but too many to look at.
DETAILS = (".intents.", ".intervals.", ".interval.", ".confusions.")


@dataclass(frozen=True, slots=True)
class Comparison:
    """A value of the card, and what training gave again; None where there is none.

    ``name`` is its path in the card, parted by dots.
    """

    name: str
    on_card: Any
    again: Any

    @property
    def is_same(self) -> bool:
        """Tell whether both agree; numbers within the tolerance."""
        both = (self.on_card, self.again)
        if all(isinstance(value, int | float) for value in both):
            return math.isclose(*both, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        return bool(self.on_card == self.again)

    @property
    def is_main(self) -> bool:
        """Tell whether it is one of the numbers that people look at."""
        is_number = isinstance(self.on_card, int | float)
        return is_number and not any(part in self.name for part in DETAILS)


@dataclass(frozen=True, slots=True)
class Reproduction:
    """What came of training again.

    Attributes:
        comparisons: of every value of the card.
        has_same_bytes: whether the model file is the same as well.
    """

    comparisons: tuple[Comparison, ...]
    has_same_bytes: bool

    @property
    def differences(self) -> list[Comparison]:
        """The values that do not agree."""
        return [each for each in self.comparisons if not each.is_same]


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """What a card tells about its training."""

    options: Options
    data_sha256: str
    test_size: float
    versions: Mapping[str, str]

    @classmethod
    def of(cls, card: ModelCard, path: Path) -> TrainingRecord:
        """Read what a card tells.

        Raises:
            ArtifactBrokenError: the card was not made by training, or by another version of it.
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
            raise ArtifactBrokenError(path, "does not tell how to train again") from error

    def load(self, path: Path) -> Dataset:
        """Read the data that the card was made of.

        Raises:
            DataError: it can't be trained on, or it is other data.
        """
        # Whether contradictions were left out, too, the hash tells.
        dataset = load_dataset(
            path, seed=self.options.seed, test_size=self.test_size, leave_out_contradictions=True
        )
        if dataset.sha256 != self.data_sha256:
            message = (
                f"is other data than the card's: SHA-256 {dataset.sha256[:12]}…, "
                f"not {self.data_sha256[:12]}…"
            )
            raise DataError([Problem(path, 0, message)])
        return dataset

    def other_versions(self) -> list[str]:
        """Tell which libraries have other versions here than on the card."""
        here = installed_versions(self.options)
        return [
            f"the card was made with {name} {there}, here is {here.get(name, 'none')}"
            for name, there in self.versions.items()
            if here.get(name) != there
        ]


def reproduce(
    card: ModelCard, recipe: TrainingRecord, dataset: Dataset, progress: Progress
) -> Reproduction:
    """Train again, and compare.

    Args:
        card: what is to come out.
        recipe: what it tells about its training.
        dataset: the card's.
        progress: is told each step as it begins.
    """
    again = train(dataset, recipe.options, progress=progress).card
    before, after = (dict(_values(json.loads(each.to_json()))) for each in (card, again))
    comparisons = tuple(
        Comparison(name, before.get(name), after.get(name))
        for name in before | after
        if not name.startswith(NOT_COMPARED)
    )
    return Reproduction(comparisons, card.model_sha256 == again.model_sha256)


def _values(content: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Give each value within JSON objects and lists, with its path."""
    if not isinstance(content, dict | list):
        yield path, content
        return
    items = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in items:
        yield from _values(value, f"{path}.{key}" if path else str(key))
