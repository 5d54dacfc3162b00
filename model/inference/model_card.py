"""The model card: labels, calibration, self-test and training record of a model file."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from model.errors import ArtifactBrokenError

CARD_NAME = "model_card.json"


@dataclass(frozen=True, slots=True)
class SelfTest:
    """An utterance and its prediction after training.

    Attributes:
        utterance: the same for every model, so that the card holds no training data.
        intent: the most likely known intent.
        confidence: its probability, 0 to 1.
    """

    utterance: str
    intent: str
    confidence: float

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """Build a self-test from decoded JSON.

        Raises:
            KeyError, TypeError, ValueError: a field is missing or of a wrong type.
        """
        confidence = float(fields["confidence"])
        if not math.isfinite(confidence):
            raise ValueError("A confidence must be a finite number")
        return cls(str(fields["utterance"]), str(fields["intent"]), confidence)


@dataclass(frozen=True, slots=True)
class ModelCard:
    """How to interpret a pipeline's scores, and how the pipeline was trained.

    Attributes:
        labels: the known intents, in the order of the model's scores.
        model_sha256: of the file that the card belongs to, hexadecimal.
        temperature: divides the logits before the softmax; greater than 0.
        threshold: an utterance whose score is below it is out of scope; None: no utterance is.
        self_test: checked at every load; None where the card was not made by training.
        training: metrics, data, versions and hyperparameters; serving does not read it.
    """

    labels: tuple[str, ...]
    model_sha256: str
    temperature: float = 1.0
    threshold: float | None = None
    self_test: SelfTest | None = None
    training: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> ModelCard:
        """Read a card from its file.

        Raises:
            ArtifactBrokenError: the file is no card, or a value is out of range.
        """
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ArtifactBrokenError(path, "is not a readable model card") from error
        return cls.from_json(content, path)

    @classmethod
    def from_json(cls, content: bytes, path: Path | str) -> Self:
        """Return the card of a file's content; errors name ``path``.

        Raises:
            ArtifactBrokenError: the content is no card, or a value is out of range.
        """
        try:
            fields = json.loads(content.decode())
            self_test = fields["self_test"]
            card = cls(
                labels=tuple(str(label) for label in fields["labels"]),
                model_sha256=str(fields["model_sha256"]),
                temperature=float(fields["temperature"]),
                threshold=None if fields["threshold"] is None else float(fields["threshold"]),
                self_test=None if self_test is None else SelfTest.from_fields(self_test),
                training=dict(fields["training"]),
            )
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
            raise ArtifactBrokenError(path, "is not a readable model card") from error
        if not card._is_usable():
            raise ArtifactBrokenError(path, "holds a temperature or threshold out of range")
        return card

    def _is_usable(self) -> bool:
        has_usable_threshold = self.threshold is None or math.isfinite(self.threshold)
        return 0 < self.temperature < math.inf and has_usable_threshold

    def to_json(self) -> str:
        """Return the card as JSON, as it is stored and as ``GET /model`` shows it."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"
