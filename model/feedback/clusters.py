"""Put utterances that are alike into groups, and propose an intent for each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.cluster import AgglomerativeClustering

from model.inference.intent_model import IntentModel
from model.inference.prediction import OUT_OF_SCOPE, Alternative
from model.learning.pipeline import build_features

# Average distance, 1 less the cosine, up to which groups are joined: looser ones mix subjects.
FARTHEST = 0.8
# Mean probability from which on a known intent is likely.
LIKELY = 0.5
PROPOSALS = 3


@dataclass(frozen=True, slots=True)
class Group:
    """Utterances that are alike.

    Attributes:
        texts: the most typical first.
        proposals: known intents with their mean probability, the best first.
        is_outside: whether most of them are out of scope.
    """

    texts: tuple[str, ...]
    proposals: tuple[Alternative, ...]
    is_outside: bool

    @property
    def likely(self) -> str | None:
        """The known intent that they probably have; None where it is rather a new one."""
        best = self.proposals[0]
        return best.intent if best.confidence >= LIKELY and not self.is_outside else None


def group(texts: Sequence[str], model: IntentModel) -> list[Group]:
    """Group utterances by their n-grams, by average linkage.

    Args:
        texts: at least one; memory grows with the square of their number.
        model: proposes intents.

    Returns:
        The groups, the largest first.
    """
    similarities = _similarities(texts)
    members = defaultdict(list)
    for place, number in enumerate(_numbers(similarities)):
        members[number].append(place)
    probabilities, _ = model.score(texts)
    outside = np.array([each.intent == OUT_OF_SCOPE for each in model.predict(texts)])
    groups = []
    for places in members.values():
        typical = similarities[np.ix_(places, places)].sum(axis=1)
        ordered = [places[at] for at in np.argsort(-typical, kind="stable")]
        mean = probabilities[places].mean(axis=0)
        best = np.argsort(-mean, kind="stable")[:PROPOSALS]
        proposals = tuple(Alternative(model.card.labels[at], float(mean[at])) for at in best)
        is_outside = bool(outside[places].mean() > 0.5)  # noqa: PLR2004 - most of them
        groups.append(Group(tuple(texts[place] for place in ordered), proposals, is_outside))
    return sorted(groups, key=lambda each: -len(each.texts))


def _similarities(texts: Sequence[str]) -> np.ndarray:
    # What stands in one text only tells as much here as anything else.
    features = build_features().set_params(char__min_df=1)
    try:
        rows = features.fit_transform(texts)
    except ValueError:  # no words at all
        return np.eye(len(texts))
    # Each block is normalised: the sum over two of them is at most 2.
    similarities: np.ndarray = (rows @ rows.T).toarray() / len(features.transformer_list)
    return similarities


def _numbers(similarities: np.ndarray) -> list[int]:
    if len(similarities) == 1:
        return [0]
    clustering = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="average", distance_threshold=FARTHEST
    )
    numbers: list[int] = clustering.fit_predict(1 - similarities).tolist()
    return numbers
