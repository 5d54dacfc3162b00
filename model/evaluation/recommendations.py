"""Recommendations for the data: one for each kind of issue, the surest and quickest first."""

from __future__ import annotations

from dataclasses import dataclass

from model.datasets.readers import Example
from model.evaluation.data_issues import (
    ConfusedIntents,
    DataIssues,
    Mistake,
    NearDuplicates,
    WeakIntent,
)


@dataclass(frozen=True, slots=True)
class Place:
    """One place in the data where a recommendation applies.

    Attributes:
        cells: row of a table, under the recommendation's header.
        sentence: the same as a sentence.
    """

    cells: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Something to do, and where.

    Attributes:
        title: what to do, in a few words.
        note: why, and how.
        header: names of the columns of a table of the places.
        numbers: number of columns, counted from the last, that hold numbers.
        places: the worst first; at least one.
    """

    title: str
    note: str
    header: tuple[str, ...]
    numbers: int
    places: tuple[Place, ...]


def recommend(issues: DataIssues) -> list[Recommendation]:
    """Return a recommendation for each kind of issue that occurs, in the order to follow."""
    recommendations = (
        Recommendation(
            "Look at labels that the model doubts",
            "Models that were not trained on these utterances are confident of another intent; the "
            "most confident come first. Many of these labels are right: a label may be wrong, the "
            "text may fit both intents, or the model has yet to learn the difference.",
            ("utterance", "where", "labelled", "more likely", "confidence"),
            1,
            tuple(map(_mislabelled, issues.suspects)),
        ),
        Recommendation(
            "Decide on near-duplicates across intents",
            "These utterances have nearly the same words and different intents. The pairs that the "
            "model confuses come first: label both with the same intent, or reword them. The other "
            "pairs need only a check.",
            ("utterance", "labelled", "nearly the same", "labelled", "confused", "similarity"),
            1,
            tuple(map(_near_duplicates, issues.near_duplicates)),
        ),
        Recommendation(
            "Separate intents that are confused",
            "In cross-validation the model mistakes one of these intents for the other. Add "
            "utterances that show the difference, or merge the two intents.",
            ("intents", "example", "where", "mistakes", "of"),
            2,
            tuple(map(_confused, issues.confusions)),
        ),
        Recommendation(
            "Extend intents with too few or too uniform utterances",
            "An intent becomes reliable with 20 or more utterances, in as many wordings as people "
            "use. The share of recognised utterances is that of cross-validation, which is too "
            "high for uniform ones.",
            ("intent", "what to do", "first at", "utterances", "recognised"),
            2,
            tuple(map(_weak, issues.weak_intents)),
        ),
    )
    return [each for each in recommendations if each.places]


def place_of(example: Example) -> str:
    """Return the file name and line of an utterance."""
    return f"{example.file.name}:{example.line}"


def _mislabelled(issue: Mistake) -> Place:
    example, confidence = issue.example, f"{issue.confidence:.2f}"
    return Place(
        (example.text, place_of(example), example.intent, issue.likely, confidence),
        f"{_quoted(example)} is labelled {example.intent}; {issue.likely} is likelier "
        f"({confidence})",
    )


def _near_duplicates(issue: NearDuplicates) -> Place:
    first, second = issue.first, issue.second
    return Place(
        (
            f"{first.text} ({place_of(first)})",
            first.intent,
            f"{second.text} ({place_of(second)})",
            second.intent,
            "no" if issue.are_recognised else "yes",
            f"{issue.similarity:.2f}",
        ),
        f"{_quoted(first)} is labelled {first.intent}, and {_quoted(second)} {second.intent}",
    )


def _confused(issue: ConfusedIntents) -> Place:
    example, count, total = issue.examples[0].example, str(issue.count), str(issue.total)
    places = ", ".join(place_of(mistake.example) for mistake in issue.examples)
    return Place(
        (" / ".join(issue.intents), example.text, places, count, total),
        f"{' and '.join(issue.intents)}: {count} of {total} utterances are mistaken for the "
        f"other, such as {_quoted(example)}",
    )


def _weak(issue: WeakIntent) -> Place:
    intent, place, advice = issue.first.intent, place_of(issue.first), _advice(issue)
    count, recognised = str(issue.count), f"{issue.recall:.0%}"
    return Place(
        (intent, advice, place, count, recognised),
        f"{intent} ({place}): {count} utterances, {recognised} recognised; {advice}",
    )


def _quoted(example: Example) -> str:
    return f"{place_of(example)} “{example.text}”"


def _advice(weak: WeakIntent) -> str:
    advice = ["add utterances"] * weak.has_few
    if weak.is_uniform:
        advice.append(f"use other words ({weak.repeats:.0%} hardly differ from another)")
    return "; ".join(advice)
