"""Confusion matrix whose order puts confused intents next to each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from model.evaluation.metrics import Evaluation
from model.reporting.charts import matrix

MAX_LABELS = 40  # a larger matrix is hard to read
SHOWN_LABELS = 30


def confusion_matrices(evaluation: Evaluation) -> list[str]:
    """Return drawings of the matrix.

    Returns:
        The whole matrix; for many intents, that of the most confused ones precedes it.
    """
    shares = _shares(evaluation)
    labels = sorted({label for pair in shares for label in pair})
    groups = [labels]
    if len(labels) > MAX_LABELS:
        groups.insert(0, _most_confused(evaluation))
    return [_drawn(group, shares) for group in groups]


def ordered(labels: Sequence[str], shares: Mapping[tuple[str, str], float]) -> list[str]:
    """Return the intents in an order in which confused ones are neighbours.

    Args:
        labels: the intents.
        shares: share of an intent's utterances that were predicted as another, 0 to 1.
    """
    if len(labels) <= 2:  # noqa: PLR2004 - there is nothing to order
        return list(labels)
    places = {label: number for number, label in enumerate(labels)}
    confused = np.zeros((len(labels), len(labels)))
    for (row, column), share in shares.items():
        if row != column and row in places and column in places:
            confused[places[row], places[column]] = share
    distances = 1 - (confused + confused.T) / 2
    np.fill_diagonal(distances, 0)
    return [labels[at] for at in leaves_list(linkage(squareform(distances), "average"))]


def _shares(evaluation: Evaluation) -> dict[tuple[str, str], float]:
    supports = {each.intent: each.support for each in evaluation.intents}
    shares = {(each.intent, each.intent): each.recall for each in evaluation.intents}
    return shares | {
        (each.intent, each.taken_for): each.count / supports[each.intent]
        for each in evaluation.confusions
    }


def _most_confused(evaluation: Evaluation) -> list[str]:
    counts: Counter[str] = Counter()
    for each in evaluation.confusions:
        counts[each.intent] += each.count
        counts[each.taken_for] += each.count
    return sorted(label for label, _ in counts.most_common(SHOWN_LABELS))


def _drawn(labels: Sequence[str], shares: Mapping[tuple[str, str], float]) -> str:
    shown = {pair: share for pair, share in shares.items() if set(pair) <= set(labels)}
    return matrix(ordered(labels, shown), shown)
