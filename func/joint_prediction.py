"""One prediction for the utterances of many requests."""

from __future__ import annotations

from collections.abc import Sequence

from func.messages import ParsedRequest, Predictor
from model.inference.prediction import Prediction, nobody_spoke


def predict_together(requests: Sequence[ParsedRequest], default: Predictor) -> Sequence[Prediction]:
    """Return the predictions of all requests, in order, with one call for each model."""
    utterances = [utterance for request in requests for utterance in request.utterances]
    top_k = max([request.top_k for request in requests], default=0)
    if all(request.model is None for request in requests):
        return _predict(default, utterances, top_k)
    places: dict[Predictor, list[int]] = {}
    place = 0
    for request in requests:
        following = range(place, place := place + len(request.utterances))
        places.setdefault(request.model or default, []).extend(following)
    by_place: dict[int, Prediction] = {}
    for model, numbers in places.items():
        texts = [utterances[number] for number in numbers]
        by_place |= zip(numbers, _predict(model, texts, top_k), strict=True)
    return [by_place[number] for number in range(len(utterances))]


def _predict(model: Predictor, utterances: Sequence[str], top_k: int) -> Sequence[Prediction]:
    predictions = model.predict(utterances, top_k=top_k)
    if "" not in utterances:
        return predictions
    # No text is empty but that of a conversation in which no human spoke.
    return [
        prediction if utterance else nobody_spoke(prediction, top_k)
        for utterance, prediction in zip(utterances, predictions, strict=True)
    ]
