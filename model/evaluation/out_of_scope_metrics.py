"""Metrics of the rejection of out-of-scope texts."""

from __future__ import annotations

import numpy as np

from model.evaluation.confidence_intervals import Measured, bootstrap, wilson
from model.evaluation.labelled_predictions import LabelledPredictions
from model.learning.linear_model import Floats


def out_of_scope_metrics(predictions: LabelledPredictions) -> dict[str, Measured]:
    """Return the metrics of the rejection of out-of-scope texts, of which there is at least one.

    Returns:
        Recall, AUROC and, if any text is rejected, precision, by their names in ``Evaluation``.
    """
    inside, outside = predictions.in_scope, predictions.out_of_scope
    found, count = predictions.rejected(outside), len(outside)
    all_found = found + predictions.rejected(inside)
    area = auroc(inside, outside)
    # A bootstrap of a perfect result has no width.
    interval = (
        bootstrap(area, _Ranked(inside, outside).auroc, len(inside), len(outside))
        if 0 < area < 1
        else wilson(area, min(len(inside), len(outside)))
    )
    metrics = {
        "out_of_scope_recall": (found / count, wilson(found / count, count)),
        "out_of_scope_auroc": (area, interval),
    }
    if all_found:
        precision = found / all_found
        metrics["out_of_scope_precision"] = (precision, wilson(precision, all_found))
    return metrics


def auroc(in_scope: Floats, out_of_scope: Floats) -> float:
    """Return the share of pairs in which the in-scope text has the higher score."""
    return _Ranked(in_scope, out_of_scope).auroc(np.ones(len(in_scope)), np.ones(len(out_of_scope)))


class _Ranked:
    """Ranks of the scores of both kinds of texts, sorted once for all draws of a bootstrap."""

    def __init__(self, in_scope: Floats, out_of_scope: Floats) -> None:
        _, ranks = np.unique(np.concatenate((in_scope, out_of_scope)), return_inverse=True)
        self._count = int(ranks.max()) + 1
        self._in_scope, self._out_of_scope = np.split(ranks, [len(in_scope)])

    def auroc(self, in_scope: Floats, out_of_scope: Floats) -> float:
        """Return the AUROC of texts with these weights."""
        inside = np.bincount(self._in_scope, in_scope, self._count)
        outside = np.bincount(self._out_of_scope, out_of_scope, self._count)
        below = np.cumsum(outside) - outside / 2  # ties count half
        return float((inside * below).sum() / inside.sum() / outside.sum())
