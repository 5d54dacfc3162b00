"""Find issues of the training data by cross-validation and by comparing utterances."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from model.datasets.checked import Checked
from model.datasets.dataset import FEW_UTTERANCES
from model.datasets.readers import Example
from model.evaluation.labelled_predictions import LabelledPredictions
from model.evaluation.similarity import similar_pairs, uniform_pairs

# A held-out mistake with at least this confidence suggests a wrong label.
MIN_CONFIDENCE = 0.8
MIN_MISTAKES = 2  # a single mistake does not make a confusion of intents
MAX_EXAMPLES = 3
# An intent is too uniform from this share of utterances that hardly differ from another.
MAX_REPEATS = 1 / 2
REPORT_EVERY = 10_000  # utterances
MAX_COMPARED = 200  # utterances of an intent; enough to judge their uniformity


@dataclass(frozen=True, slots=True)
class Mistake:
    """An utterance for which a model that was not trained on it predicts another intent.

    Attributes:
        example: the utterance with its label.
        likely: the predicted intent.
        confidence: confidence of the prediction, 0 to 1.
    """

    example: Example
    likely: str
    confidence: float


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """Two utterances of different intents with nearly the same words.

    Attributes:
        first, second: the utterances with their labels.
        similarity: cosine similarity, ``MIN_SIMILARITY`` to 1.
        are_recognised: whether models that were not trained on them predict both labels.
    """

    first: Example
    second: Example
    similarity: float
    are_recognised: bool


@dataclass(frozen=True, slots=True)
class ConfusedIntents:
    """Two intents that the model confuses.

    Attributes:
        intents: the intent that is mistaken more often first.
        count: number of utterances of either intent that were mistaken for the other.
        total: number of utterances of both intents.
        examples: up to three of the mistakes, the most confident first.
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
        count: number of its utterances.
        repeats: share of them that hardly differ from an earlier one, 0 to 1.
        recall: share of them that held-out models recognise, 0 to 1.
    """

    first: Example
    count: int
    repeats: float
    recall: float

    @property
    def has_few(self) -> bool:
        """Return whether the intent has too few utterances."""
        return self.count < FEW_UTTERANCES

    @property
    def is_uniform(self) -> bool:
        """Return whether the utterances are too uniform."""
        return self.repeats >= MAX_REPEATS


@dataclass(frozen=True, slots=True)
class DataIssues:
    """Issues of the data by kind, each with the worst first.

    Attributes:
        suspects: utterances whose labels models doubt that were not trained on them.
        near_duplicates: pairs of different intents with nearly the same words.
        confusions: pairs of intents that the model confuses.
        weak_intents: intents with too few or too uniform utterances.
        checked: the number of suspects and near-duplicates that a person has confirmed, and that
            are left out.
    """

    suspects: tuple[Mistake, ...]
    near_duplicates: tuple[NearDuplicates, ...]
    confusions: tuple[ConfusedIntents, ...]
    weak_intents: tuple[WeakIntent, ...]
    checked: int = 0

    def without(self, checked: Checked) -> DataIssues:
        """Return the issues without those whose labels a person has confirmed."""

        def is_checked(*examples: Example) -> bool:
            return all((each.text, each.intent) in checked for each in examples)

        suspects = [each for each in self.suspects if not is_checked(each.example)]
        pairs = [each for each in self.near_duplicates if not is_checked(each.first, each.second)]
        count = len(self.suspects) + len(self.near_duplicates) - len(suspects) - len(pairs)
        return replace(self, suspects=tuple(suspects), near_duplicates=tuple(pairs), checked=count)


def find_data_issues(
    held_out: LabelledPredictions, progress: Callable[[str], None] = lambda _: None
) -> DataIssues:
    """Return the issues of the data.

    Args:
        held_out: predictions for the utterances, by models that were not trained on them.
        progress: called with a line of text now and then, if there are many utterances.
    """
    mistakes = _mistakes(held_out)
    return DataIssues(
        suspects=tuple(each for each in mistakes if each.confidence >= MIN_CONFIDENCE),
        near_duplicates=_near_duplicates(held_out, progress),
        confusions=_confusions(held_out, mistakes),
        weak_intents=_weak_intents(held_out),
    )


def _mistakes(held_out: LabelledPredictions) -> list[Mistake]:
    """Return all mistakes, the most confident first: these are the likeliest wrong labels."""
    order = np.argsort(-held_out.confidences, kind="stable").tolist()
    return [
        Mistake(held_out.examples[at], held_out.predicted[at], float(held_out.confidences[at]))
        for at in order
        if held_out.examples[at].intent != held_out.predicted[at]
    ]


def _near_duplicates(
    held_out: LabelledPredictions, progress: Callable[[str], None]
) -> tuple[NearDuplicates, ...]:
    """Return each utterance with the most similar later one of another intent, if there is one."""

    def report(compared: int) -> None:
        if compared % REPORT_EVERY == 0:
            progress(f"Compared {compared:,} of {len(held_out.examples):,} utterances")

    intents = np.unique(held_out.true, return_inverse=True)[1]
    is_right, closest = held_out.is_right, dict[int, tuple[float, int]]()
    for pairs in similar_pairs([each.text for each in held_out.examples], report):
        differ = intents[pairs.earlier] != intents[pairs.later]
        for earlier, similarity, later in zip(
            pairs.earlier[differ].tolist(),
            pairs.similarities[differ].tolist(),
            pairs.later[differ].tolist(),
            strict=True,
        ):
            closest[earlier] = max(closest.get(earlier, (0.0, 0)), (similarity, later))
    found = [
        NearDuplicates(
            held_out.examples[first],
            held_out.examples[second],
            similarity,
            bool(is_right[first] and is_right[second]),
        )
        for first, (similarity, second) in closest.items()
    ]
    return tuple(sorted(found, key=lambda each: (each.are_recognised, -each.similarity)))


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
    counts = Counter((each.example.intent, each.likely) for each in mistakes)
    return max(counts, key=counts.__getitem__)


def _weak_intents(held_out: LabelledPredictions) -> tuple[WeakIntent, ...]:
    groups = defaultdict[str, list[int]](list)
    for place, intent in enumerate(held_out.true):
        groups[intent].append(place)
    found = (_intent_of(held_out, places) for places in groups.values())
    weak = [each for each in found if each.has_few or each.is_uniform]
    return tuple(sorted(weak, key=lambda each: (each.recall, each.count)))


def _intent_of(held_out: LabelledPredictions, places: Sequence[int]) -> WeakIntent:
    examples = [held_out.examples[place] for place in places]
    recall = float(held_out.is_right[list(places)].mean())
    first = min(examples, key=lambda example: example.line)
    return WeakIntent(first, len(places), _repeats([each.text for each in examples]), recall)


def _repeats(texts: Sequence[str]) -> float:
    """Return the share of texts, or of a sample of many, that hardly differ from an earlier one."""
    compared = texts[:: -(-len(texts) // MAX_COMPARED)]
    pairs = uniform_pairs(compared)
    return len({number for some in pairs for number in some.later.tolist()}) / len(compared)
