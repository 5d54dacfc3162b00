"""The model card: labels, calibration, self-test and training record of a model file."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from model.errors import ArtifactBrokenError
from model.inference.calibration import InScopeCalibration, Temperature
from model.inference.prediction import OUT_OF_SCOPE, Prediction

CARD_NAME = "model_card.json"


@dataclass(frozen=True, slots=True)
class SelfTest:
    """An utterance and its prediction after training.

    Attributes:
        utterance: the same for every model, so that the card holds no training data.
        intent: the most likely label, a known intent or ``out_of_scope``.
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
class IntentDescription:
    """The meaning of an intent, for people.

    Attributes:
        description: a sentence; "" for none.
        examples: messages that may be shown to anybody.
    """

    description: str = ""
    examples: tuple[str, ...] = ()

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """Build a description from decoded JSON.

        Raises:
            KeyError, TypeError: a field is missing or of a wrong type.
        """
        return cls(str(fields["description"]), tuple(map(str, fields["examples"])))


@dataclass(frozen=True, slots=True)
class ModelCard:
    """How to interpret a pipeline's scores, and how the pipeline was trained.

    Attributes:
        labels: the known intents, in the order of the model's scores.
        model_sha256: of the file that the card belongs to, hexadecimal.
        temperature: divides the logits before the softmax.
        in_scope: the probability of being in scope as a function of the score; None if unknown:
            then each utterance is taken as in scope.
        threshold: an utterance whose probability of being in scope is below it is out of scope,
            0 to 1; None: no utterance is.
        act_above: a known intent with this confidence or more is to be acted on, 0 to 1; None if
            training chose none.
        corrects_typos: whether typos are corrected before a text is scored.
        self_test: checked at every load; None where the card was not made by training.
        training: metrics, data, versions and hyperparameters; predicting does not need it.
        intents: the meaning of the labels, as far as the training data describes them.
    """

    labels: tuple[str, ...]
    model_sha256: str
    temperature: Temperature = field(default_factory=Temperature)
    in_scope: InScopeCalibration | None = None
    threshold: float | None = None
    act_above: float | None = None
    corrects_typos: bool = False
    self_test: SelfTest | None = None
    training: Mapping[str, Any] = field(default_factory=dict)
    intents: Mapping[str, IntentDescription] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> ModelCard:
        """Read a card from its file.

        Raises:
            ArtifactBrokenError: the file is no card, is of an earlier version, or a value is out
                of range.
        """
        try:
            content = path.read_bytes()
        except FileNotFoundError as error:
            raise ArtifactBrokenError(path, "does not exist") from error
        except OSError as error:
            raise ArtifactBrokenError(path, "is not a readable model card") from error
        return cls.from_json(content, path)

    @classmethod
    def from_json(cls, content: bytes, path: Path | str) -> Self:
        """Return the card of a file's content; errors name ``path``.

        Raises:
            ArtifactBrokenError: the content is no card, is of an earlier version, or a value is
                out of range.
        """
        try:
            fields = json.loads(content.decode())
            self_test, in_scope = fields["self_test"], fields.get("in_scope")
            is_of_earlier_version = "in_scope" not in fields
            card = cls(
                labels=tuple(str(label) for label in fields["labels"]),
                model_sha256=str(fields["model_sha256"]),
                temperature=Temperature.from_fields(fields["temperature"]),
                in_scope=None if in_scope is None else InScopeCalibration.from_fields(in_scope),
                threshold=None if fields["threshold"] is None else float(fields["threshold"]),
                act_above=None if fields.get("act_above") is None else float(fields["act_above"]),
                corrects_typos=fields.get("corrects_typos", False),
                self_test=None if self_test is None else SelfTest.from_fields(self_test),
                training=dict(fields["training"]),
                intents={
                    str(label): IntentDescription.from_fields(description)
                    for label, description in dict(fields.get("intents") or {}).items()
                },
            )
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
            raise ArtifactBrokenError(path, "is not a readable model card") from error
        if is_of_earlier_version:
            # Its threshold is a logit, which must not be read as a probability.
            raise ArtifactBrokenError(path, "was written by an earlier version of this program")
        if not card._is_usable():
            raise ArtifactBrokenError(path, "holds a value out of range")
        return card

    def _is_usable(self) -> bool:
        if self.in_scope is None:
            has_usable_scope = self.threshold is None
        else:
            threshold = 0.0 if self.threshold is None else self.threshold
            has_usable_scope = self.in_scope.is_usable and 0 <= threshold <= 1
        has_usable_act = self.act_above is None or 0 <= self.act_above <= 1
        is_usable = self.temperature.is_usable and isinstance(self.corrects_typos, bool)
        return is_usable and has_usable_scope and has_usable_act

    def acts_on(self, prediction: Prediction) -> bool | None:
        """Return whether to act on a prediction; None if training chose no confidence for it."""
        if self.act_above is None:
            return None
        is_own = not prediction.answered_by  # training measured no other classifier
        is_known = prediction.intent != OUT_OF_SCOPE
        return is_own and is_known and prediction.confidence >= self.act_above

    def to_json(self) -> str:
        """Return the card as JSON, as it is stored and as ``GET /model`` shows it."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"
