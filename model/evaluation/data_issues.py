"""What to mend first in one's own data, found by cross-validation and by comparing utterances."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from model.datasets.dataset import FEW_UTTERANCES
from model.datasets.readers import Example
from model.evaluation.labelled_predictions import LabelledPredictions
from model.evaluation.similarity import alike, built_alike

# A model that is surer than this, and has not seen the utterance, is worth a second look.
MIN_CONFIDENCE = 0.8
MIN_MISTAKES = 2  # one alone is no confusion of intents
MAX_EXAMPLES = 3
# Share of an intent's utterances that repeat another one, from which on they are too uniform.
MAX_REPEATS = 1 / 2
MAX_COMPARED = 200  # of an intent: enough to see whether they are uniform


@dataclass(frozen=True, slots=True)
class Mistake:
    """An utterance that a model which has not seen it takes for another intent.

    Attributes:
        example: as it stands in the data.
        likely: the intent that the model takes it for.
        confidence: the model's, 0 to 1.
    """

    example: Example
    likely: str
    confidence: float


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """Two utterances of different intents that say nearly the same.

    Attributes:
        first, second: as they stand in the data.
        similarity: from ``MIN_SIMILARITY`` to 1.
        are_told_apart: whether a model which has not seen them gets both right.
    """

    first: Example
    second: Example
    similarity: float
    are_told_apart: bool


@dataclass(frozen=True, slots=True)
class ConfusedIntents:
    """Two intents that are taken for each other.

    Attributes:
        intents: the one that is mistaken more often first.
        count: how many utterances of either were taken for the other.
        total: utterances of both.
        examples: some of those, the most confident mistakes first.
    """

    intents: tuple[str, str]
    count: int
    total: int
    examples: tuple[Mistake, ...]


@dataclass(frozen=True, slots=True)
class WeakIntent:
    """An intent with too few utterances, or with too uniform ones.

    Attributes:
        first: its first utterance.
        count: of its utterances.
        repeats: the share of them that hardly differ from an earlier one, 0 to 1.
        recall: the share of them that a model which has not seen them gets right, 0 to 1.
    """

    first: Example
    count: int
    repeats: float
    recall: float

    @property
    def has_few(self) -> bool:
        """Tell whether more of any kind would help."""
        return self.count < FEW_UTTERANCES

    @property
    def is_uniform(self) -> bool:
        """Tell whether other words would help."""
        return self.repeats >= MAX_REPEATS


@dataclass(frozen=True, slots=True)
class DataIssues:
    """What to mend, in order: kind by kind, and in each the worst first.

    Attributes:
        suspects: utterances that are most likely mislabelled.
        look_alikes: nearly the same words under two intents.
        confusions: intents that are not told apart.
        weak_intents: intents that need more utterances, or other ones.
    """

    suspects: tuple[Mistake, ...]
    look_alikes: tuple[NearDuplicates, ...]
    confusions: tuple[ConfusedIntents, ...]
    weak_intents: tuple[WeakIntent, ...]


def find(held_out: LabelledPredictions) -> DataIssues:
    """Find what to mend.

    Args:
        held_out: what models that have not seen them make of the utterances.
    """
    mistakes = _mistakes(held_out)
    return DataIssues(
        suspects=tuple(each for each in mistakes if each.confidence >= MIN_CONFIDENCE),
        look_alikes=_look_alikes(held_out),
        confusions=_confusions(held_out, mistakes),
        weak_intents=_weak_intents(held_out),
    )


def _mistakes(held_out: LabelledPredictions) -> list[Mistake]:
    """Give all mistakes, the most confident first: the likeliest errors of labels."""
    order = np.argsort(-held_out.confidences, kind="stable").tolist()
    return [
        Mistake(held_out.examples[at], held_out.predicted[at], float(held_out.confidences[at]))
        for at in order
        if held_out.examples[at].intent != held_out.predicted[at]
    ]


def _look_alikes(held_out: LabelledPredictions) -> tuple[NearDuplicates, ...]:
    """Give for each utterance the one of another intent that is most like it, if any is."""
    intents = np.unique(held_out.true, return_inverse=True)[1]
    is_right, closest = held_out.is_right, dict[int, tuple[float, int]]()
    for pairs in alike([each.text for each in held_out.examples]):
        apart = intents[pairs.earlier] != intents[pairs.later]
        columns = (pairs.earlier[apart], pairs.similarities[apart], pairs.later[apart])
        for earlier, *other in zip(*(column.tolist() for column in columns), strict=True):
            closest[earlier] = max(closest.get(earlier, (0.0, 0)), (other[0], other[1]))
    found = [
        NearDuplicates(
            held_out.examples[first],
            held_out.examples[second],
            similarity,
            bool(is_right[first] and is_right[second]),
        )
        for first, (similarity, second) in closest.items()
    ]
    return tuple(sorted(found, key=lambda each: (each.are_told_apart, -each.similarity)))


def _confusions(
    held_out: LabelledPredictions, mistakes: Iterable[Mistake]
) -> tuple[ConfusedIntents, ...]:
    totals, groups = Counter(held_out.true), defaultdict[tuple[str, str], list[Mistake]](list)
    for each in mistakes:
        first, second = sorted((each.example.intent, each.likely))
        groups[first, second].append(each)
    found = [
        ConfusedIntents(
            _mistaken_first(group),
            len(group),
            totals[intents[0]] + totals[intents[1]],
            tuple(group[:MAX_EXAMPLES]),
        )
        for intents, group in groups.items()
        if len(group) >= MIN_MISTAKES
    ]
    return tuple(sorted(found, key=lambda each: (-each.count, each.total)))


def _mistaken_first(mistakes: Sequence[Mistake]) -> tuple[str, str]:
    [(directed, _)] = Counter((each.example.intent, each.likely) for each in mistakes).most_common(
        1
    )
    return directed


def _weak_intents(held_out: LabelledPredictions) -> tuple[WeakIntent, ...]:
    groups = defaultdict[str, list[int]](list)
    for place, intent in enumerate(held_out.true):
        groups[intent].append(place)
    found = (_described(held_out, places) for places in groups.values())
    weak = [each for each in found if each.has_few or each.is_uniform]
    return tuple(sorted(weak, key=lambda each: (each.recall, each.count)))


def _described(held_out: LabelledPredictions, places: Sequence[int]) -> WeakIntent:
    examples = [held_out.examples[place] for place in places]
    recall = float(held_out.is_right[list(places)].mean())
    first = min(examples, key=lambda example: example.line)
    return WeakIntent(first, len(places), _repeats([each.text for each in examples]), recall)


def _repeats(texts: Sequence[str]) -> float:
    """Give the share of texts that are built like an earlier one; of many, of some of them."""
    compared = texts[:: -(-len(texts) // MAX_COMPARED)]
    pairs = built_alike(compared)
    return len({number for some in pairs for number in some.later.tolist()}) / len(compared)
