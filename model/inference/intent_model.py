"""Load a model and predict with it; needs numpy only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.errors import ArtifactBrokenError, one_line
from model.inference.model_card import ModelCard
from model.inference.model_parts import LoadOptions, Scorer, known_labels, load_parts, read_parts
from model.inference.prediction import (
    OUT_OF_SCOPE,
    Alternative,
    Evidence,
    Prediction,
    PredictionColumns,
    Ranking,
    is_valid_intent,
)

if TYPE_CHECKING:  # most models have no encoder, and start faster without its code
    from model.inference.encoders.encoder_file import SentenceEncoder

SELF_TEST_UTTERANCE = "Hello, can you help me with this?"
SELF_TEST_TOLERANCE = 1e-3


class IntentModel:
    """A scorer, and the card that holds its calibration and threshold.

    The labels' probabilities are one distribution: those of the known intents, given that the text
    is in scope, times the probability that it is; ``out_of_scope`` has the rest.
    """

    def __init__(self, scorer: Scorer, card: ModelCard) -> None:
        self.card = card
        self._scorer = scorer
        self._labels = known_labels(scorer)
        self._ranked = self._labels if card.in_scope is None else (*self._labels, OUT_OF_SCOPE)

    @classmethod
    def load(cls, path: Path, *, threshold: float | None = None) -> IntentModel:
        """Load a model, and check it by its self-test.

        The compiled form beside the pipeline is served; without one, scikit-learn serves the
        pipeline, and a warning is logged. A pipeline without a card of its own serves uncalibrated
        and without a threshold. A folder needs no pipeline.

        Args:
            path: the pipeline, written by joblib, its compiled form, or their folder; the card
                lies in the same folder.
            threshold: overrides the card's; a probability of being in scope.

        Raises:
            ArtifactMissingError: the file does not exist.
            ArtifactBrokenError: it is unreadable, no classifier, not the one that its card
                describes, has an invalid label, can't be served with a threshold, or fails its
                self-test.
        """
        return cls._checked(*load_parts(path), path, threshold)

    @classmethod
    def from_files(
        cls,
        compiled: bytes,
        card: bytes,
        place: str,
        *,
        encoder: SentenceEncoder | None = None,
        options: LoadOptions = LoadOptions(),
    ) -> IntentModel:
        """Load a model without its pickle, and check it by its self-test.

        The caller vouches for both files, for example by the digest that names them. They must
        name the same pickle.

        Args:
            compiled: the content of the compiled form.
            card: the content of the card.
            place: the folder or URI of the files; for errors.
            encoder: the sentence encoder; None without one.
            options: how to load it.

        Raises:
            ArtifactBrokenError: a file is unreadable, they belong to different models, or the
                self-test fails.
        """
        scorer, read_card = read_parts(compiled, card, place, encoder, options)
        return cls._checked(scorer, read_card, place, options.threshold)

    @classmethod
    def _checked(
        cls, scorer: Scorer, card: ModelCard, path: Path | str, threshold: float | None
    ) -> IntentModel:
        labels = known_labels(scorer)
        _check_labels(path, labels)
        if card.labels != labels:
            raise ArtifactBrokenError(path, "does not have the labels that its card lists")
        if threshold is not None and card.in_scope is None:
            reason = "can't take a threshold: no model card says how probably a text is in scope"
            raise ArtifactBrokenError(
                path, reason, "Unset INTENT_THRESHOLD, or train the model by model.train"
            )
        model = cls(scorer, card if threshold is None else replace(card, threshold=threshold))
        model._check_self_test(path)
        return model

    def predict(self, utterances: Sequence[str], *, top_k: int = 0) -> list[Prediction]:
        """Classify utterances.

        Args:
            utterances: any number of texts, which may be empty.
            top_k: the number of labels in ``alternatives``, at most all of them.

        Returns:
            One prediction for each utterance, in order.
        """
        return list(map(Prediction, *self.predict_columns(utterances, top_k=top_k)))

    def predict_columns(self, utterances: Sequence[str], *, top_k: int = 0) -> PredictionColumns:
        """Classify utterances as ``predict`` does, without an object for each of them."""
        if not utterances:
            return PredictionColumns([], [], [])
        known, largest, scope_scores = self._scores(utterances)
        # The largest probability is 1 / sum, so that without top_k no other one is computed.
        exponentials = np.exp(self.card.temperature.scaled(known - largest[:, np.newaxis]))
        confidences_in_scope = 1 / exponentials.sum(axis=1)
        in_scope = self._in_scope(scope_scores)
        rankings: Sequence[Sequence[Alternative]] = [()] * len(in_scope)
        if top_k:
            rankings = self._rank(exponentials, confidences_in_scope, np.array(in_scope), top_k)
        threshold = self.card.threshold or 0.0
        intents: list[str] = []
        confidences: list[float] = []
        for top, confidence, probability in zip(
            known.argmax(axis=1).tolist(), confidences_in_scope.tolist(), in_scope, strict=True
        ):
            is_rejected = probability < threshold
            intents.append(OUT_OF_SCOPE if is_rejected else self._labels[top])
            confidences.append(1 - probability if is_rejected else probability * confidence)
        return PredictionColumns(intents, confidences, rankings)

    @property
    def encoder(self) -> SentenceEncoder | None:
        """The sentence encoder, or None without one."""
        return self._scorer.encoder

    def encoding_work(self, utterances: Sequence[str]) -> int:
        """Return an estimate of the time to encode utterances, in microseconds.

        It is 0 without a sentence encoder.
        """
        encoder = self._scorer.encoder
        return encoder.work(utterances) if encoder else 0

    def explaining_work(self, utterances: Sequence[str]) -> int:
        """Return an estimate of what explanations add to the work of encoding utterances."""
        encoder, first = self._scorer.encoder, self._scorer.first_evidence_work
        return first + (sum(map(encoder.explaining_work, utterances)) if encoder else 0)

    def score(self, utterances: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the probabilities of the known intents, and of being in scope.

        Returns:
            Probabilities of the known intents if the utterance is in scope, shape (utterances,
            labels); each row adds up to 1. Probabilities of being in scope, shape (utterances,).
        """
        known, _, scope_scores = self._scores(utterances)
        return self.card.temperature.probabilities(known), np.array(self._in_scope(scope_scores))

    def _scores(
        self, utterances: Sequence[str]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return the known intents' logits, their maximum, and the score of being in scope."""
        if self.card.corrects_typos:
            utterances = [*map(self._scorer.spelling.corrected, utterances)]
        logits = self._scorer.logits(utterances)
        if len(self._labels) == logits.shape[1]:
            largest = logits.max(axis=1)
            return logits, largest, largest
        known = logits[:, : len(self._labels)]
        largest = known.max(axis=1)
        return known, largest, largest - logits[:, len(self._labels) :].max(axis=1)

    def explain(self, utterance: str, *, limit: int = 10) -> tuple[Evidence, ...]:
        """Return the ``limit`` strongest n-grams in favour of the most likely known intent.

        They are those of the text with its ``corrections``.

        Raises:
            ExplanationError: the model has no weights of n-grams.
        """
        top = int(self.score([utterance])[0].argmax())
        evidence = self._scorer.evidence(self.corrected(utterance), top)
        in_favour = (item for item in evidence if item.weight > 0)
        return tuple(sorted(in_favour, key=lambda item: (-item.weight, item.feature))[:limit])

    def corrected(self, utterance: str) -> str:
        """Return a text as it is scored: with its misspelt words corrected."""
        return self._scorer.spelling.corrected(utterance) if self.card.corrects_typos else utterance

    def corrections(self, utterance: str) -> dict[str, str]:
        """Return the misspelt words of a text, and the known words that they are read as."""
        return self._scorer.spelling.corrections(utterance) if self.card.corrects_typos else {}

    def _in_scope(self, scope_scores: NDArray[np.float64]) -> list[float]:
        """Return the probabilities of being in scope."""
        if self.card.in_scope is None:
            return [1.0] * len(scope_scores)
        # For a single text, one Python function is faster than several of numpy.
        return [*map(self.card.in_scope.probability, scope_scores.tolist())]

    def _rank(
        self,
        exponentials: NDArray[np.float64],
        confidences: NDArray[np.float64],
        in_scope: NDArray[np.float64],
        top_k: int,
    ) -> list[Ranking]:
        probabilities = np.empty((len(exponentials), len(self._ranked)))
        # Without a calibration, the known intents have all columns, and overwrite the last one.
        probabilities[:, -1] = 1 - in_scope
        np.multiply(
            exponentials,
            (confidences * in_scope)[:, np.newaxis],
            out=probabilities[:, : len(self._labels)],
        )
        order = np.argsort(-probabilities, axis=1, kind="stable")[:, :top_k]
        # np.take_along_axis would do the same, but takes as long as all the rest.
        rows = probabilities[np.arange(len(order))[:, np.newaxis], order].tolist()
        return [
            Ranking([*map(self._ranked.__getitem__, places)], row)
            for places, row in zip(order.tolist(), rows, strict=True)
        ]

    def _check_self_test(self, path: Path | str) -> None:
        expected = self.card.self_test
        utterance = expected.utterance if expected else SELF_TEST_UTTERANCE
        try:
            [prediction] = self.predict([utterance], top_k=1)
            self.predict([utterance, ""])  # a batch is scored by other code than a single text
        except Exception as error:  # values of a wrong type may raise anything
            raise ArtifactBrokenError(path, f"fails at its self-test: {one_line(error)}") from error
        [best] = prediction.alternatives  # does not depend on the threshold
        if not np.isfinite(best.confidence):
            raise ArtifactBrokenError(path, "answers its self-test with no number")
        if expected and (
            best.intent != expected.intent
            or abs(best.confidence - expected.confidence) > SELF_TEST_TOLERANCE
        ):
            raise ArtifactBrokenError(path, "answers its self-test otherwise than when trained")


def _check_labels(path: Path | str, labels: Sequence[str]) -> None:
    for label in labels:
        if not is_valid_intent(label):
            reason = f"has a label with a control character or line break: {label!a}"
            raise ArtifactBrokenError(path, reason, "Rename the intent and train again")
