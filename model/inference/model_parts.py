"""The parts of a model, read from its files: a scorer and a card."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from model.errors import (
    ArtifactBrokenError,
    ArtifactMissingError,
    CompiledFormError,
    EncoderError,
    InvalidCompiledFormError,
)
from model.inference.calibration import InScopeCalibration
from model.inference.compiled_pipeline import COMPILED_NAME, COMPILED_SUFFIX, CompiledPipeline
from model.inference.compiled_scorer import CompiledScorer
from model.inference.encoders import ENCODER_NAME
from model.inference.model_card import CARD_NAME, ModelCard
from model.inference.prediction import OUT_OF_SCOPE, Evidence
from model.inference.spelling import Spelling

if TYPE_CHECKING:  # most models have no encoder, and start faster without its code
    from model.inference.encoders.encoder_file import SentenceEncoder

logger = logging.getLogger(__name__)

# A pipeline whose last label is out_of_scope decides by the larger logit, as its own predict does.
BY_LARGER_LOGIT = InScopeCalibration(slope=1.0, intercept=0.0)

NO_ENCODER = (
    "lacks the sentence encoder that it was trained with",
    f"Put its {ENCODER_NAME} beside it, and push it again if a store holds it",
)


class Scorer(Protocol):
    """Computes a logit for each label."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the order of the logits' columns."""

    def logits(self, utterances: Sequence[str]) -> NDArray[np.float64]:
        """Return the logits of utterances, shape (utterances, labels)."""

    @property
    def encoder(self) -> SentenceEncoder | None:
        """The sentence encoder, or None without one."""

    @property
    def spelling(self) -> Spelling:
        """Corrects typos towards the words that training knows."""

    @property
    def first_evidence_work(self) -> int:
        """An estimate of the extra time of the first ``evidence``, in microseconds; 0 after it."""

    def evidence(self, utterance: str, label_index: int) -> list[Evidence]:
        """Return each n-gram's contribution to one label's logit, in any order.

        Raises:
            ExplanationError: the model has no weights of n-grams.
        """


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How to load a model from its files.

    Attributes:
        threshold: overrides the card's; a probability of being in scope.
        is_verified: whether digests have verified the files, whose seals are then not checked.
        is_compact: whether to save memory and load time at the cost of prediction time.
    """

    threshold: float | None = None
    is_verified: bool = False
    is_compact: bool = False


def known_labels(scorer: Scorer) -> tuple[str, ...]:
    """Return the labels before the ``out_of_scope`` in the last places, one for each detector."""
    known = scorer.labels
    while len(known) > 1 and known[-1] == OUT_OF_SCOPE:
        known = known[:-1]
    return known


def load_parts(path: Path) -> tuple[Scorer, ModelCard]:
    """Read the scorer and the card of a model; raise as ``IntentModel.load`` does."""
    path = _file_in(path) if path.is_dir() else path
    content = _content(path)
    if path.suffix == COMPILED_SUFFIX:
        return _load_without_pickle(path, content)
    model_sha256 = hashlib.sha256(content).hexdigest()
    card = _read_card(path, model_sha256)
    scorer = _load_scorer(path, content, model_sha256)
    return scorer, card or _uncalibrated(scorer, model_sha256)


def _file_in(folder: Path) -> Path:
    """Return the compiled form in a folder, or the pipeline if that is not compiled."""
    compiled = folder / COMPILED_NAME
    pipeline = compiled.with_suffix(".pkl")
    return pipeline if pipeline.exists() and not compiled.exists() else compiled


def _load_without_pickle(path: Path, content: bytes) -> tuple[Scorer, ModelCard]:
    card = ModelCard.read(path.with_name(CARD_NAME))
    try:
        return _load_compiled(path, content, card.model_sha256), card
    except CompiledFormError as error:
        raise ArtifactBrokenError(path, error.reason) from error


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ArtifactMissingError(path) from error
    except OSError as error:
        raise ArtifactBrokenError(path, "can't be read") from error


def read_parts(
    compiled: bytes, card: bytes, place: str, encoder: SentenceEncoder | None, options: LoadOptions
) -> tuple[Scorer, ModelCard]:
    """Read scorer and card of these files; raise as ``IntentModel.from_files`` does."""
    read_card = ModelCard.from_json(card, place)
    try:
        pipeline = CompiledPipeline.from_bytes(
            compiled, model_sha256=read_card.model_sha256, is_verified=options.is_verified
        )
        if not pipeline.encoder_digest:
            encoder = None
        elif encoder is None or encoder.digest != pipeline.encoder_digest:
            raise ArtifactBrokenError(place, *NO_ENCODER)
        scorer = CompiledScorer(pipeline, encoder, is_compact=options.is_compact)
    except CompiledFormError as error:
        raise ArtifactBrokenError(
            place, f"can't be used: its compiled form {error.reason}"
        ) from error
    return scorer, read_card


def _load_scorer(path: Path, content: bytes, model_sha256: str) -> Scorer:
    compiled_path = path.with_suffix(COMPILED_SUFFIX)
    try:
        return _load_compiled(compiled_path, compiled_path.read_bytes(), model_sha256)
    except FileNotFoundError:
        reason = "does not exist"
    except OSError:
        reason = "can't be read"
    except InvalidCompiledFormError as error:
        remedy = f"Compile it again: python -m model.compile {path}"
        raise ArtifactBrokenError(compiled_path, error.reason, remedy) from error
    except CompiledFormError as error:
        reason = error.reason
    return _load_pipeline(path, content, f"{compiled_path} {reason}")


def _load_compiled(path: Path, content: bytes, model_sha256: str) -> Scorer:
    compiled = CompiledPipeline.from_bytes(content, model_sha256=model_sha256)
    return CompiledScorer(compiled, _load_encoder(path, compiled.encoder_digest))


def _load_encoder(path: Path, digest: str) -> SentenceEncoder | None:
    if not digest:
        return None
    # A deferred import: most models have no encoder, and start faster without its code.
    from model.inference.encoders.encoder_file import load_encoder  # noqa: PLC0415

    encoder_path = path.with_name(ENCODER_NAME)
    try:
        return load_encoder(encoder_path, digest=digest)
    except EncoderError as error:
        raise ArtifactBrokenError(encoder_path, error.reason) from error


def _load_pipeline(path: Path, content: bytes, why: str) -> Scorer:
    try:
        # A deferred import: scikit-learn takes seconds to import.
        from model.inference.sklearn_scorer import PipelineScorer  # noqa: PLC0415
    except ImportError as error:
        raise ArtifactBrokenError(
            path,
            f"can't be served without scikit-learn: {why}",
            f"Compile it: python -m model.compile {path}",
        ) from error
    scorer = PipelineScorer.from_bytes(content, path)
    logger.warning(
        "%s: serving by scikit-learn, which starts and answers slower; to compile it: "
        "python -m model.compile %s",
        why,
        path,
    )
    return scorer


def _read_card(path: Path, model_sha256: str) -> ModelCard | None:
    card_path = path.with_name(CARD_NAME)
    card = ModelCard.read(card_path) if card_path.exists() else None
    if card is not None and card.model_sha256 == model_sha256:
        return card
    logger.warning(
        "%s has no model card of its own: serving it uncalibrated and without an "
        "out-of-scope threshold",
        path,
    )
    return None


def _uncalibrated(scorer: Scorer, model_sha256: str) -> ModelCard:
    labels = known_labels(scorer)
    if labels == scorer.labels:
        return ModelCard(labels, model_sha256)
    return ModelCard(labels, model_sha256, in_scope=BY_LARGER_LOGIT, threshold=0.5)
