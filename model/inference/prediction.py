"""Predictions, and the names that an intent may have."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, overload

OUT_OF_SCOPE = "out_of_scope"
# An intent becomes a CloudEvents attribute and an HTTP header. Neither carries control characters,
# line breaks, surrogates or noncharacters (CloudEvents 1.0, section 3.1).
NOT_IN_INTENTS = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)


class Alternative(NamedTuple):
    """A known intent or ``out_of_scope``, and its probability, 0 to 1.

    A request may ask for hundreds; a dataclass would take four times as long to create.
    """

    intent: str
    confidence: float


class Ranking(Sequence[Alternative]):
    """Alternatives in parallel lists.

    An object for each of them would take longer than the prediction, and many requests for all
    intents need none.
    """

    __slots__ = ("_confidences", "_intents")

    def __init__(self, intents: list[str], confidences: list[float]) -> None:
        self._intents, self._confidences = intents, confidences

    def __len__(self) -> int:
        """Return the number of alternatives."""
        return len(self._intents)

    @overload
    def __getitem__(self, place: int) -> Alternative: ...
    @overload
    def __getitem__(self, place: slice) -> Ranking: ...
    def __getitem__(self, place: int | slice) -> Alternative | Ranking:
        """Return one alternative, or several."""
        if isinstance(place, slice):
            return Ranking(self._intents[place], self._confidences[place])
        return Alternative(self._intents[place], self._confidences[place])

    def __iter__(self) -> Iterator[Alternative]:
        """Yield the alternatives."""
        return map(Alternative, self._intents, self._confidences)

    def __eq__(self, other: object) -> bool:
        """Return whether another sequence has the same alternatives."""
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment] # as a list

    def probabilities(self) -> dict[str, float]:
        """Return the probability of each intent, in order."""
        return dict(zip(self._intents, self._confidences, strict=True))


class Prediction(NamedTuple):
    """The classification of one utterance.

    Attributes:
        intent: the most likely known intent, or ``out_of_scope``.
        confidence: calibrated probability that ``intent`` is right, 0 to 1.
        alternatives: known intents and ``out_of_scope``, the most likely first; as many as were
            asked for. The probabilities of all of them add up to 1. Where the threshold decides on
            ``out_of_scope``, or against it, ``intent`` need not be the first.
        answered_by: ``fallback`` if the fallback classified the text; ``model`` if it was wanted
            and did not; "" if the model's prediction needs no fallback.
    """

    intent: str
    confidence: float
    alternatives: Sequence[Alternative] = ()
    answered_by: str = ""

    def probabilities(self) -> dict[str, float]:
        """Return the probability of each intent among the alternatives, in their order."""
        if isinstance(self.alternatives, Ranking):
            return self.alternatives.probabilities()
        return {each.intent: each.confidence for each in self.alternatives}


class PredictionColumns(NamedTuple):
    """The attributes of several predictions, in parallel lists."""

    intents: list[str]
    confidences: list[float]
    alternatives: Sequence[Sequence[Alternative]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """An n-gram of the utterance and its contribution to the logit of the predicted intent."""

    feature: str
    weight: float


def nobody_spoke(ranked: Prediction, top_k: int) -> Prediction:
    """Return the prediction where there is nothing to classify: out of scope, for certain.

    Args:
        ranked: a prediction with the intents to rank.
        top_k: the number of alternatives.
    """
    intents = [each.intent for each in ranked.alternatives if each.intent != OUT_OF_SCOPE]
    alternatives = [Alternative(OUT_OF_SCOPE, 1.0), *(Alternative(name, 0.0) for name in intents)]
    return Prediction(OUT_OF_SCOPE, 1.0, tuple(alternatives[:top_k]))


def to_evidence(contributions: Iterable[tuple[str, float]]) -> list[Evidence]:
    """Return the evidence of each feature: the sum of its contributions."""
    sums = defaultdict[str, float](float)
    for feature, contribution in contributions:
        sums[feature] += contribution
    return [Evidence(feature, weight) for feature, weight in sums.items()]


def is_valid_intent(name: str) -> bool:
    """Return whether events and headers can carry an intent's name."""
    return not NOT_IN_INTENTS.search(name)
