"""Metrics of the rejection of out-of-scope texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from model.evaluation.confidence_intervals import Interval, bootstrap, wilson
from model.evaluation.labelled_predictions import LabelledPredictions
from model.learning.linear_model import Floats


@dataclass(frozen=True, slots=True)
class OutOfScopeMetrics:
    """Metrics of rejection; each is None if the test does not determine it.

    Attributes:
        recall: share of the out-of-scope texts that are rejected.
        precision: share of out-of-scope texts among the rejected texts.
        auroc: area under the ROC curve of the probability of being in scope.
        intervals: confidence intervals, by their names in ``Evaluation``.
    """

    recall: float | None = None
    precision: float | None = None
    auroc: float | None = None
    intervals: Mapping[str, Interval] = field(default_factory=dict)


def out_of_scope_metrics(predictions: LabelledPredictions) -> OutOfScopeMetrics:
    """Return the metrics of predictions that include at least one out-of-scope text."""
    inside, outside = predictions.in_scope, predictions.out_of_scope
    found, count = predictions.rejected(outside), len(outside)
    all_found = found + predictions.rejected(inside)
    recall, area = found / count, auroc(inside, outside)
    intervals = {
        "out_of_scope_recall": wilson(recall, count),
        # A bootstrap of a perfect result has no width.
        "out_of_scope_auroc": bootstrap(
            area, _Ranked(inside, outside).auroc, len(inside), len(outside)
        )
        if 0 < area < 1
        else wilson(area, min(len(inside), len(outside))),
    }
    if not all_found:
        return OutOfScopeMetrics(recall, None, area, intervals)
    precision = found / all_found
    intervals["out_of_scope_precision"] = wilson(precision, all_found)
    return OutOfScopeMetrics(recall, precision, area, intervals)


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
