"""The model that answers: load it, predict with it. Imports numpy only."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from model.errors import ArtifactBrokenError, ArtifactMissingError, CompiledFormError
from model.inference.compiled_pipeline import COMPILED_SUFFIX, CompiledPipeline
from model.inference.compiled_scorer import CompiledScorer
from model.inference.model_card import CARD_NAME, ModelCard
from model.inference.prediction import OUT_OF_SCOPE, Alternative, Evidence, Prediction

logger = logging.getLogger(__name__)

SELF_TEST_UTTERANCE = "Hello, can you help me with this?"
SELF_TEST_TOLERANCE = 1e-3


class Scorer(Protocol):
    """Gives a logit for each known intent."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The known intents, in the order of the logits' columns."""

    def logits(self, utterances: Sequence[str]) -> NDArray[np.float64]:
        """Score utterances: shape (utterances, labels)."""

    def evidence(self, utterance: str, label_index: int) -> list[Evidence]:
        """Give what each n-gram added to one label's logit, in any order.

        Raises:
            ExplanationError: the model has no such weights.
        """


class IntentModel:
    """A scorer together with the card that says how to read its scores."""

    def __init__(self, scorer: Scorer, card: ModelCard) -> None:
        self.card = card
        self._scorer = scorer
        self._labels = known_labels(scorer)

    @classmethod
    def load(cls, path: Path, *, threshold: float | None = None) -> IntentModel:
        """Load a model that is ready to answer: checked, and warmed by its self-test.

        Args:
            path: the pipeline, as joblib wrote it; its card is looked for in the same folder.
                A pipeline without a card of its own serves uncalibrated and without threshold.
                Served is its compiled form beside it, or else, with a warning, the pipeline by
                scikit-learn.
            threshold: overrides the card's; a logit.

        Returns:
            The model, after one correct prediction.

        Raises:
            ArtifactMissingError: no such file.
            ArtifactBrokenError: unreadable, no classifier, not what its card describes, or a
                wrong answer to the self-test.
        """
        try:
            content = path.read_bytes()
        except FileNotFoundError as error:
            raise ArtifactMissingError(path) from error
        except OSError as error:
            raise ArtifactBrokenError(path, "can't be read") from error
        model_sha256 = hashlib.sha256(content).hexdigest()
        card = _card_of(path, model_sha256)

        scorer = _scorer_of(path, content, model_sha256)
        labels = known_labels(scorer)
        if card is None:
            card = ModelCard(
                labels, model_sha256, threshold=0.0 if labels != scorer.labels else None
            )
        if card.labels != labels:
            raise ArtifactBrokenError(path, "does not have the labels that its card lists")
        if threshold is not None:
            card = replace(card, threshold=threshold)
        model = cls(scorer, card)
        model._check(path)
        return model

    def predict(self, utterances: Sequence[str], *, top_k: int = 0) -> list[Prediction]:
        """Classify utterances.

        Args:
            utterances: any number of texts; any text will do, the empty one too.
            top_k: how many known intents to rank in ``alternatives``; more than there are
                gives them all.

        Returns:
            One prediction for each utterance, in order.
        """
        if not utterances:
            return []
        known, largest, scope_scores = self._scores(utterances)
        # The softmax, in such an order that the largest one's is at hand before the others'.
        known = (known - largest[:, np.newaxis]) / self.card.temperature
        exponentials = np.exp(known)
        confidences = 1 / exponentials.sum(axis=1)
        rankings = (
            self._rank(exponentials * confidences[:, np.newaxis], top_k) if top_k else repeat(())
        )
        return [
            Prediction(
                OUT_OF_SCOPE if self._is_out_of_scope(scope_score) else self._labels[top],
                confidence,
                ranking,
            )
            for top, scope_score, confidence, ranking in zip(
                known.argmax(axis=1).tolist(),
                scope_scores.tolist(),
                confidences.tolist(),
                rankings,
                strict=False,
            )
        ]

    def score(self, utterances: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Score utterances.

        Returns:
            The probabilities of the known intents, shape (utterances, labels); and, of shape
            (utterances,), the scores that the out-of-scope threshold bounds: the largest logit,
            less the out-of-scope logit if the model has one.
        """
        known, _, scope_scores = self._scores(utterances)
        return softmax(known / self.card.temperature), scope_scores

    def _scores(
        self, utterances: Sequence[str]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Give the known intents' logits, the largest of each utterance, and its scope score."""
        logits = self._scorer.logits(utterances)
        if len(self._labels) == logits.shape[1]:
            largest = logits.max(axis=1)
            return logits, largest, largest
        known = logits[:, :-1]
        largest = known.max(axis=1)
        return known, largest, largest - logits[:, -1]

    def explain(self, utterance: str, *, limit: int = 10) -> tuple[Evidence, ...]:
        """Give the n-grams that spoke for the most likely known intent, the strongest first.

        Args:
            utterance: the text.
            limit: at most that many.

        Raises:
            ExplanationError: this kind of model has no weights to show.
        """
        top = int(self.score([utterance])[0].argmax())
        evidence = self._scorer.evidence(utterance, top)
        in_favour = (item for item in evidence if item.weight > 0)
        return tuple(sorted(in_favour, key=lambda item: (-item.weight, item.feature))[:limit])

    def _is_out_of_scope(self, scope_score: float) -> bool:
        return self.card.threshold is not None and scope_score < self.card.threshold

    def _rank(
        self, probabilities: NDArray[np.float64], top_k: int
    ) -> list[tuple[Alternative, ...]]:
        order = np.argsort(-probabilities, axis=1, kind="stable")[:, :top_k]
        return [
            tuple(Alternative(self._labels[place], float(row[place])) for place in places)
            for row, places in zip(probabilities, order.tolist(), strict=True)
        ]

    def _check(self, path: Path) -> None:
        expected = self.card.self_test
        utterance = expected.utterance if expected else SELF_TEST_UTTERANCE
        [answer] = self.predict([utterance], top_k=1)
        if not np.isfinite(answer.confidence):
            raise ArtifactBrokenError(path, "answers its self-test with no number")
        if expected and (
            answer.alternatives[0].intent != expected.intent
            or abs(answer.confidence - expected.confidence) > SELF_TEST_TOLERANCE
        ):
            raise ArtifactBrokenError(path, "answers its self-test otherwise than when trained")


def known_labels(scorer: Scorer) -> tuple[str, ...]:
    """Give the known intents: all labels but ``out_of_scope``, if that is the last one."""
    *known, last = scorer.labels
    return tuple(known) if known and last == OUT_OF_SCOPE else scorer.labels


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn each row of logits into probabilities; safe for large logits."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    normalised: NDArray[np.float64] = exponentials / exponentials.sum(axis=1, keepdims=True)
    return normalised


def _scorer_of(path: Path, content: bytes, model_sha256: str) -> Scorer:
    compiled_path = path.with_suffix(COMPILED_SUFFIX)
    try:
        compiled = CompiledPipeline.from_bytes(
            compiled_path.read_bytes(), model_sha256=model_sha256
        )
        return CompiledScorer(compiled)
    except FileNotFoundError:
        reason = "does not exist"
    except OSError:
        reason = "can't be read"
    except CompiledFormError as error:
        reason = error.reason
    return _pipeline_scorer(path, content, f"{compiled_path} {reason}")


def _pipeline_scorer(path: Path, content: bytes, why: str) -> Scorer:
    try:
        # Imported only here: scikit-learn would take most of the start.
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


def _card_of(path: Path, model_sha256: str) -> ModelCard | None:
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
