"""How well a model finds out-of-scope texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from model.evaluation.confidence_intervals import Interval, bootstrap, wilson
from model.evaluation.labelled_predictions import LabelledPredictions
from model.learning.linear_model import Floats


@dataclass(frozen=True, slots=True)
class Detection:
    """How well out-of-scope texts were found; each None where nothing can be said of it.

    Attributes:
        recall: the share of them that was found.
        precision: their share of all that was found.
        auroc: the share of pairs with an utterance in scope whose scores are in the right order.
        intervals: of these, by their names in ``Evaluation``.
    """

    recall: float | None = None
    precision: float | None = None
    auroc: float | None = None
    intervals: Mapping[str, Interval] = field(default_factory=dict)


def out_of_scope_metrics(answers: LabelledPredictions) -> Detection:
    """Tell how well the threshold and the scores find the out-of-scope texts; at least one."""
    inside, outside = answers.in_scope, answers.out_of_scope
    found, count = answers.rejected(outside), len(outside)
    all_found = found + answers.rejected(inside)
    recall, area = found / count, auroc(inside, outside)
    intervals = {
        "out_of_scope_recall": wilson(recall, count),
        # A bootstrap of perfect results never sees a mistake.
        "out_of_scope_auroc": bootstrap(
            area, _Ranked(inside, outside).auroc, len(inside), len(outside)
        )
        if 0 < area < 1
        else wilson(area, min(len(inside), len(outside))),
    }
    if not all_found:
        return Detection(recall, None, area, intervals)
    precision = found / all_found
    intervals["out_of_scope_precision"] = wilson(precision, all_found)
    return Detection(recall, precision, area, intervals)


def auroc(in_scope: Floats, out_of_scope: Floats) -> float:
    """Give the share of pairs of both kinds of which the one in scope has the larger score."""
    return _Ranked(in_scope, out_of_scope).auroc(np.ones(len(in_scope)), np.ones(len(out_of_scope)))


class _Ranked:
    """The scores of both kinds of texts in one order, so that each draw need not sort them."""

    def __init__(self, in_scope: Floats, out_of_scope: Floats) -> None:
        _, ranks = np.unique(np.concatenate((in_scope, out_of_scope)), return_inverse=True)
        self._count = int(ranks.max()) + 1
        self._in_scope, self._out_of_scope = np.split(ranks, [len(in_scope)])

    def auroc(self, in_scope: Floats, out_of_scope: Floats) -> float:
        """Give the AUROC for texts that count as often as these weights say."""
        inside = np.bincount(self._in_scope, in_scope, self._count)
        outside = np.bincount(self._out_of_scope, out_of_scope, self._count)
        below = np.cumsum(outside) - outside / 2  # ties count half
        return float((inside * below).sum() / inside.sum() / outside.sum())
