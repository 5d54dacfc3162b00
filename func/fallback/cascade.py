"""The cascade: the model answers what it is sure of, and the fallback is asked about the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

from func.authentication import load_tokens
from func.fallback.client import FallbackClient
from func.fallback.contracts import kind_of
from func.fallback.counts import FallbackCounts
from func.messages import Deferred, ParsedRequest, Predictor, Response
from func.outgoing.http_client import HttpClient
from func.settings import Settings, SettingsError
from model.inference.model_card import ModelCard
from model.inference.prediction import OUT_OF_SCOPE, Prediction

MODEL = "model"  # answered a doubtful text, because the fallback gave no answer


class Cascade:
    """Decides which texts the fallback is asked about, and marks the answers."""

    def __init__(self, client: FallbackClient, *, low_confidence: float) -> None:
        """Create a cascade; ``low_confidence`` is for models without ``act_above``."""
        self._client, self._low_confidence = client, low_confidence

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return the cascade to FALLBACK_URL.

        Raises:
            SettingsError: the contract is unknown, or the token file can't be used.
        """
        url = settings.fallback_url or ""
        kind = settings.fallback_kind or kind_of(url)
        if kind is None:
            allowed = "used with FALLBACK_KIND: its path names no contract"
            raise SettingsError("FALLBACK_URL", url, allowed)
        if settings.fallback_token_file:
            load_tokens("FALLBACK_TOKEN_FILE", settings.fallback_token_file)
        client = FallbackClient(HttpClient(url), kind, settings)
        return cls(client, low_confidence=settings.low_confidence)

    def counts(self) -> FallbackCounts:
        """Return a copy of the counters."""
        return self._client.counts()

    def close(self) -> None:
        """Close the connections to the fallback."""
        self._client.close()

    def defer(
        self, request: ParsedRequest, predictions: Sequence[Prediction], model: Predictor
    ) -> Deferred | None:
        """Return the response that awaits the fallback; None if no prediction is doubtful."""
        doubtful = {
            place: text
            for place, (text, prediction) in enumerate(
                zip(request.utterances, predictions, strict=True)
            )
            if text and self._is_doubtful(prediction, model.card)
        }
        if not doubtful:
            return None
        deadline = self._client.deadline()

        def finish() -> Response:
            answers = self._client.ask_all([*doubtful.values()], model, deadline)
            given = dict(zip(doubtful, answers, strict=True))
            return request.respond(_marked(predictions, given))

        def decline() -> Response:
            self._client.count("busy", len(doubtful))
            return request.respond(_marked(predictions, dict.fromkeys(doubtful)))

        return Deferred(finish, decline)

    def _is_doubtful(self, prediction: Prediction, card: ModelCard) -> bool:
        acts = card.acts_on(prediction)
        if acts is not None:
            return not acts
        return prediction.intent == OUT_OF_SCOPE or prediction.confidence < self._low_confidence


def _marked(
    predictions: Sequence[Prediction], answers: Mapping[int, Prediction | None]
) -> list[Prediction]:
    """Return the predictions with those of the fallback; mark doubtful ones that it left."""
    return [
        answers[place] or prediction._replace(answered_by=MODEL) if place in answers else prediction
        for place, prediction in enumerate(predictions)
    ]
