"""What to mend first, in words: a step for each kind of finding, the surest and quickest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
class Recommendation:
    """Something to do, and where.

    Attributes:
        title: what to do.
        note: why, and how.
        header: of the table of places; its last ``numbers`` columns hold numbers.
        rows: of it, the worst first; at least one.
        sentences: the same for those who read no table, one for each row.
    """

    title: str
    note: str
    header: tuple[str, ...]
    numbers: int
    rows: tuple[tuple[str, ...], ...]
    sentences: tuple[str, ...]


def steps(findings: DataIssues) -> list[Recommendation]:
    """Give what there is to do, in order."""
    return [*_steps(findings)]


def _steps(findings: DataIssues) -> Iterator[Recommendation]:
    if findings.suspects:
        yield _correct(findings.suspects)
    if findings.look_alikes:
        yield _decide(findings.look_alikes)
    if findings.confusions:
        yield _set_apart(findings.confusions)
    if findings.weak_intents:
        yield _add(findings.weak_intents)


def _correct(suspects: Sequence[Mistake]) -> Recommendation:
    return Recommendation(
        "Correct labels that are probably wrong",
        "Models that had not seen these utterances are sure of another intent. Either the label is "
        "wrong, or people say the same for both.",
        ("utterance", "where", "labelled", "more likely", "confidence"),
        1,
        tuple(
            (
                each.example.text,
                _place(each.example),
                each.example.intent,
                each.likely,
                f"{each.confidence:.2f}",
            )
            for each in suspects
        ),
        tuple(
            f"{_quoted(each.example)} is labelled {each.example.intent}; {each.likely} "
            f"is likelier ({each.confidence:.2f})"
            for each in suspects
        ),
    )


def _decide(pairs: Sequence[NearDuplicates]) -> Recommendation:
    return Recommendation(
        "Decide on near-duplicates across intents",
        "These say nearly the same under two intents. Those that are not told apart come first: "
        "give both the same label, or word them as differently as they are meant. The others are "
        "only worth a look.",
        ("utterance", "labelled", "nearly the same", "labelled", "told apart", "similarity"),
        1,
        tuple(
            (
                f"{each.first.text} ({_place(each.first)})",
                each.first.intent,
                f"{each.second.text} ({_place(each.second)})",
                each.second.intent,
                "yes" if each.are_told_apart else "no",
                f"{each.similarity:.2f}",
            )
            for each in pairs
        ),
        tuple(
            f"{_quoted(each.first)} is labelled {each.first.intent}, and "
            f"{_quoted(each.second)} {each.second.intent}"
            for each in pairs
        ),
    )


def _set_apart(confusions: Sequence[ConfusedIntents]) -> Recommendation:
    return Recommendation(
        "Set intents apart that are confused",
        "In cross-validation these are taken for each other. Add utterances that show the "
        "difference, or make one intent of the two.",
        ("intents", "such as", "where", "mistakes", "of"),
        2,
        tuple(
            (
                " / ".join(each.intents),
                each.examples[0].example.text,
                ", ".join(_place(mistake.example) for mistake in each.examples),
                str(each.count),
                str(each.total),
            )
            for each in confusions
        ),
        tuple(
            f"{' and '.join(each.intents)}: {each.count} of {each.total} utterances are taken for "
            f"the other, such as {_quoted(each.examples[0].example)}"
            for each in confusions
        ),
    )


def _add(intents: Sequence[WeakIntent]) -> Recommendation:
    return Recommendation(
        "Add to intents with too few or too uniform utterances",
        "Twenty utterances and more, in as many ways of saying it as people have, make an intent "
        "reliable. Recognised is the share in cross-validation, which uniform utterances flatter.",
        ("intent", "what to do", "first at", "utterances", "recognised"),
        2,
        tuple(
            (
                each.first.intent,
                _counsel(each),
                _place(each.first),
                str(each.count),
                f"{each.recall:.0%}",
            )
            for each in intents
        ),
        tuple(
            f"{each.first.intent} ({_place(each.first)}): {each.count} utterances, "
            f"{each.recall:.0%} recognised; {_counsel(each)}"
            for each in intents
        ),
    )


def _place(example: Example) -> str:
    return f"{example.file.name}:{example.line}"


def _quoted(example: Example) -> str:
    return f"{_place(example)} “{example.text}”"


def _counsel(weak: WeakIntent) -> str:
    wishes = ["add utterances"] * weak.has_few
    if weak.is_uniform:
        wishes.append(f"use other words ({weak.repeats:.0%} hardly differ from another)")
    return "; ".join(wishes)
