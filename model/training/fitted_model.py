"""The models that training makes, and their files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from model.atomic_files import write_atomically
from model.evaluation.diagnosis import Diagnosis
from model.evaluation.labelled_predictions import LabelledPredictions
from model.evaluation.metrics import Evaluation
from model.inference.compiled_pipeline import COMPILED_NAME
from model.inference.encoders import ENCODER_NAME
from model.inference.intent_model import IntentModel
from model.inference.model_card import CARD_NAME, ModelCard
from model.learning.calibration import Calibration
from model.learning.cross_validation import HeldOut
from model.learning.training_set import TrainingSet

MODEL_NAME = "intent_model.pkl"
REPORT_NAME = "report.html"


@dataclass(frozen=True)
class FittedModel:
    """All parts of a model that are served, and those that its assessment needs.

    Attributes:
        content: the pickled pipeline.
        compiled: its compiled form; None if it has none.
        not_compiled: the reason why it has none; "" if it has one.
        card: the model card.
        model: the pipeline with its card, as it predicts.
        encoder: the content of the sentence encoder's file; None without one.
        training_set: the texts that it was fitted on.
        held_out: the scores of cross-validation.
        calibration: how its scores are read as probabilities.
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

    @property
    def served_bytes(self) -> int:
        """The size of the files that are served, without the card."""
        return len(self.compiled or self.content) + len(self.encoder or b"")

    @property
    def file_names(self) -> list[str]:
        """The names of the files that ``save`` writes."""
        compiled = [COMPILED_NAME] if self.compiled is not None else []
        encoder = [ENCODER_NAME] if self.encoder is not None else []
        return [MODEL_NAME, *compiled, *encoder, CARD_NAME]

    def save(self, folder: Path) -> None:
        """Write pipeline, compiled form and card into a folder, each atomically.

        The report of a former model is deleted.
        """
        self._save_served(folder)
        (folder / REPORT_NAME).unlink(missing_ok=True)

    def _save_served(self, folder: Path) -> None:
        # Compiled form and card contain the pipeline's hash, so that a load detects an interruption
        # between the files.
        folder.mkdir(parents=True, exist_ok=True)
        _save_or_delete(folder / ENCODER_NAME, self.encoder)
        write_atomically(folder / MODEL_NAME, self.content)
        _save_or_delete(folder / COMPILED_NAME, self.compiled)
        self._save_card(folder)

    def _save_card(self, folder: Path) -> None:
        write_atomically(folder / CARD_NAME, self.card.to_json().encode())


@dataclass(frozen=True)
class TrainedModel(FittedModel):
    """A fitted model with its test results, which its card holds as well."""

    evaluation: Evaluation
    predictions: LabelledPredictions
    diagnosis: Diagnosis
    report: str

    @property
    def file_names(self) -> list[str]:
        """The names of the files that ``save`` writes."""
        return [*super().file_names, REPORT_NAME]

    def save(self, folder: Path) -> None:
        """Write pipeline, compiled form, card and report into a folder, each atomically."""
        self._save_served(folder)
        write_atomically(folder / REPORT_NAME, self.report.encode())

    def save_assessment(self, folder: Path) -> None:
        """Write card and report beside the saved ``FittedModel``."""
        self._save_card(folder)
        write_atomically(folder / REPORT_NAME, self.report.encode())


def _save_or_delete(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink(missing_ok=True)
    else:
        write_atomically(path, content)
