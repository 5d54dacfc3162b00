"""Group similar utterances, and propose intents for each group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.cluster import AgglomerativeClustering

from model.feedback.event_log import Correction
from model.inference.intent_model import IntentModel
from model.inference.prediction import OUT_OF_SCOPE, Alternative
from model.learning.pipeline import build_features

# Largest average cosine distance at which groups are merged: looser groups mix subjects.
MAX_DISTANCE = 0.8
# Mean probability from which a known intent is likely.
MIN_LIKELY = 0.5
MAX_PROPOSALS = 3


@dataclass(frozen=True, slots=True)
class Group:
    """A group of similar utterances.

    Attributes:
        texts: the most typical first.
        proposals: known intents with their mean probability, the best first.
        is_out_of_scope: whether most of the texts are out of scope.
        corrected: the intent that people say is right; None if nobody has corrected the texts.
    """

    texts: tuple[str, ...]
    proposals: tuple[Alternative, ...]
    is_out_of_scope: bool
    corrected: str | None = None

    @property
    def likely(self) -> str | None:
        """The known intent that the texts probably have; None if a new intent is more probable."""
        best = self.proposals[0]
        return best.intent if best.confidence >= MIN_LIKELY and not self.is_out_of_scope else None


def group(texts: Sequence[str], model: IntentModel) -> list[Group]:
    """Group utterances by their n-grams, with average linkage.

    Args:
        texts: at least one; memory grows with the square of their number.
        model: the model that proposes intents.

    Returns:
        The groups, the largest first.
    """
    similarities = _similarities(texts)
    members = defaultdict(list)
    for place, number in enumerate(_numbers(similarities)):
        members[number].append(place)
    probabilities, _ = model.score(texts)
    rejected = np.array([each.intent == OUT_OF_SCOPE for each in model.predict(texts)])
    groups = []
    for places in members.values():
        typical = similarities[np.ix_(places, places)].sum(axis=1)
        ordered = [places[at] for at in np.argsort(-typical, kind="stable")]
        mean = probabilities[places].mean(axis=0)
        best = np.argsort(-mean, kind="stable")[:MAX_PROPOSALS]
        proposals = tuple(Alternative(model.card.labels[at], float(mean[at])) for at in best)
        is_out_of_scope = bool(rejected[places].mean() > 0.5)  # noqa: PLR2004 - most of them
        groups.append(Group(tuple(texts[place] for place in ordered), proposals, is_out_of_scope))
    return sorted(groups, key=lambda each: -len(each.texts))


def group_corrections(corrections: Iterable[Correction]) -> list[Group]:
    """Return a group for each intent that people say is right, the largest first."""
    texts = defaultdict[str, list[str]](list)
    for each in corrections:
        texts[each.intent].append(each.text)
    groups = [
        Group(tuple(found), (), is_out_of_scope=intent == OUT_OF_SCOPE, corrected=intent)
        for intent, found in texts.items()
    ]
    return sorted(groups, key=lambda each: -len(each.texts))


def _similarities(texts: Sequence[str]) -> np.ndarray:
    # Keep n-grams of a single text: few texts have other n-grams in common.
    features = build_features().set_params(char__min_df=1)
    try:
        rows = features.fit_transform(texts)
    except ValueError:  # the texts hold no words
        return np.eye(len(texts))
    # Each block of features has unit norm: the mean over blocks is at most 1.
    similarities: np.ndarray = (rows @ rows.T).toarray() / len(features.transformer_list)
    return similarities


def _numbers(similarities: np.ndarray) -> list[int]:
    if len(similarities) == 1:
        return [0]
    clustering = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="average", distance_threshold=MAX_DISTANCE
    )
    numbers: list[int] = clustering.fit_predict(1 - similarities).tolist()
    return numbers
