"""Findings: the utterances and intents that are worth a look, and why."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from model.datasets.checks import FEW_UTTERANCES, normalised
from model.datasets.entry import Example
from model.datasets.records import Utterance
from model.desk.corpus import Corpus
from model.evaluation.data_issues import (
    ConfusedIntents,
    DataIssues,
    Mistake,
    NearDuplicates,
    WeakIntent,
)
from model.feedback.clusters import Group
from model.feedback.event_log import Correction, most_frequent_intent
from model.inference.prediction import OUT_OF_SCOPE

EMPTIED = "emptied"
CONTRADICTION, CORRECTED, SUSPECT = "contradiction", "corrected", "suspect"
NEAR_DUPLICATES, DOUBTFUL, CONFUSED = "near_duplicates", "doubtful", "confused"
THIN, UNIFORM = "thin", "uniform"
# In the order of the queue: the surest and quickest decisions first.
KINDS = (
    *(EMPTIED, CONTRADICTION, CORRECTED, SUSPECT, NEAR_DUPLICATES),
    *(DOUBTFUL, CONFUSED, THIN, UNIFORM),
)
OF_INTENTS = (EMPTIED, CONFUSED, THIN, UNIFORM)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a person should decide.

    Attributes:
        kind: one of ``KINDS``.
        utterances: to decide on; of findings on intents, examples.
        intents: that are concerned or proposed, the likeliest first.
        note: why it is worth a look, as a sentence.
    """

    kind: str
    utterances: tuple[Utterance, ...]
    intents: tuple[str, ...]
    note: str

    @property
    def id(self) -> str:
        """An id that stays the same as long as the question is the same."""
        subject = sorted(self.intents) if self.kind in OF_INTENTS else sorted(self.utterances)
        content = json.dumps([self.kind, subject]).encode()
        return hashlib.sha256(content).hexdigest()[:16]

    def to_fields(self) -> dict[str, Any]:
        """Return the finding as JSON."""
        return {
            "kind": self.kind,
            "utterances": [each._asdict() for each in self.utterances],
            "intents": list(self.intents),
            "note": self.note,
        }

    @classmethod
    def from_fields(cls, fields: Any) -> Self:
        """Return the finding that ``to_fields`` has written."""
        utterances = tuple(Utterance(**each) for each in fields["utterances"])
        return cls(fields["kind"], utterances, tuple(fields["intents"]), fields["note"])


def of_corpus(corpus: Corpus) -> Iterator[Finding]:
    """Return the findings that need no predictions: contradictions and thin intents."""
    for same in corpus.contradictions():
        intents = tuple(dict.fromkeys(each.intent for each in same))
        note = "The same text has several intents. Training refuses it, or leaves it out."
        yield Finding(CONTRADICTION, tuple(same), intents, note)
    for count, intent in sorted((count, intent) for intent, count in corpus.counts.items()):
        if count < FEW_UTTERANCES and intent != OUT_OF_SCOPE:
            noun = "utterance" if count == 1 else "utterances"
            note = f"{intent} has {count} {noun}; {FEW_UTTERANCES} or more do better."
            yield Finding(THIN, tuple(corpus.select(intent)), (intent,), note)


def of_left_over(left_over: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    """Return a finding for each intent without utterances that files beside the training file name.

    Args:
        left_over: the names of the files, by intent.
    """
    for intent, names in left_over.items():
        note = (
            f"{intent} has no utterance any more, but {' and '.join(names)} still name it, which "
            "training refuses. Rename it there to the intent that took over, or delete the rest."
        )
        yield Finding(EMPTIED, (), (intent,), note)


def of_issues(issues: DataIssues) -> Iterator[Finding]:
    """Return the findings of cross-validation, those of each kind with the worst first."""
    yield from map(_suspect, issues.suspects)
    yield from map(_near_duplicates, issues.near_duplicates)
    yield from map(_confused, issues.confusions)
    yield from (_uniform(each) for each in issues.weak_intents if each.is_uniform)


def of_corrections(corrections: Iterable[Correction], corpus: Corpus) -> Iterator[Finding]:
    """Return a finding for each corrected text that the data labels otherwise, or not at all."""
    newest = {normalised(each.text): each for each in corrections}
    for each in newest.values():
        same = corpus.utterances_of(each.text) or [Utterance(each.text, "")]
        if any(utterance.intent == each.intent for utterance in same):
            continue
        comment = f" Comment: {each.comment}" if each.comment else ""
        note = f"A user says: {each.intent}, not {each.answer}.{comment}"
        yield Finding(CORRECTED, tuple(same), (each.intent, each.answer), note)


def of_groups(groups: Sequence[Group], fallback_intents: Mapping[str, str]) -> Iterator[Finding]:
    """Return a finding for each group of messages of which the service was unsure.

    Args:
        groups: of messages.
        fallback_intents: those that another classifier chose, by normalised text.
    """
    for each in groups:
        utterances = tuple(Utterance(text, "") for text in each.texts)
        proposals = [proposal.intent for proposal in each.proposals]
        likely = f"Probably {each.likely}." if each.likely else "Possibly a new intent."
        if chosen := most_frequent_intent(each.texts, fallback_intents):
            proposals.insert(0, chosen)
            likely = f"Another classifier says {chosen}."
        note = f"The service was unsure. {likely}"
        yield Finding(DOUBTFUL, utterances, tuple(dict.fromkeys(proposals)), note)


def _utterance(example: Example) -> Utterance:
    return Utterance(example.text, example.intent)


def _suspect(each: Mistake) -> Finding:
    note = (
        f"Labelled {each.example.intent}. A model that was not trained on it says {each.likely}, "
        f"with a confidence of {each.confidence:.2f}."
    )
    utterances = (_utterance(each.example),)
    return Finding(SUSPECT, utterances, (each.likely, each.example.intent), note)


def _near_duplicates(each: NearDuplicates) -> Finding:
    seen = (
        "Models that were not trained on them tell them apart."
        if each.are_recognised
        else "The model confuses them."
    )
    note = f"Nearly the same words, different intents (similarity {each.similarity:.2f}). {seen}"
    utterances = (_utterance(each.first), _utterance(each.second))
    return Finding(NEAR_DUPLICATES, utterances, tuple(u.intent for u in utterances), note)


def _confused(each: ConfusedIntents) -> Finding:
    first, second = each.intents
    note = (
        f"{each.count} of {each.total} utterances of {first} and {second} are mistaken for the "
        "other intent. Move utterances, add clearer ones, or merge the intents."
    )
    examples = tuple(_utterance(mistake.example) for mistake in each.examples)
    return Finding(CONFUSED, examples, each.intents, note)


def _uniform(each: WeakIntent) -> Finding:
    note = (
        f"{each.repeats:.0%} of the utterances of {each.first.intent} hardly differ from another. "
        "Add some that people would word differently."
    )
    return Finding(UNIFORM, (_utterance(each.first),), (each.first.intent,), note)
