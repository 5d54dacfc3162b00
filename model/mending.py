"""What to mend first, as the report lists it."""

from __future__ import annotations

from model.findings import (
    ConfusedIntents,
    Findings,
    LookAlikes,
    Mistake,
    WeakIntent,
)
from model.formats import Example
from model.page import paragraph, table


def render_findings(findings: Findings) -> str:
    """Render the list, the surest and quickest work first."""
    steps = [
        step
        for step in (
            _suspects(findings.suspects),
            _look_alikes(findings.look_alikes),
            _confusions(findings.confusions),
            _weak_intents(findings.weak_intents),
        )
        if step
    ]
    numbered = "".join(
        f"<h3>{number}. {step}" for number, step in enumerate(steps, start=1)
    ) or paragraph("Nothing was found that would have to be mended.")
    return f"<h2>What to mend first</h2>{numbered}"


def place_of(example: Example) -> str:
    """Tell where an utterance stands."""
    return f"{example.file.name}:{example.line}"


def counsel_of(weak: WeakIntent) -> str:
    """Tell what an intent lacks."""
    wishes = []
    if weak.has_few:
        wishes.append("add utterances")
    if weak.is_uniform:
        wishes.append(f"use other words: {weak.repeats:.0%} hardly differ from another one")
    return "; ".join(wishes)


def _suspects(suspects: tuple[Mistake, ...]) -> str:
    header = ("utterance", "where", "labelled", "more likely", "confidence")
    rows = [
        (
            each.example.text,
            place_of(each.example),
            each.example.intent,
            each.likely,
            f"{each.confidence:.2f}",
        )
        for each in suspects
    ]
    note = (
        "Models that had not seen these utterances are sure of another intent. Either the label is "
        "wrong, or people say the same for both."
    )
    title = f"Correct labels that are probably wrong ({len(rows)})"
    return f"{title}</h3>{paragraph(note)}{table(header, rows, numbers=1)}" if rows else ""


def _look_alikes(pairs: tuple[LookAlikes, ...]) -> str:
    header = ("utterance", "labelled", "nearly the same", "labelled", "told apart", "similarity")
    rows = [
        (
            f"{each.first.text} ({place_of(each.first)})",
            each.first.intent,
            f"{each.second.text} ({place_of(each.second)})",
            each.second.intent,
            "yes" if each.are_told_apart else "no",
            f"{each.similarity:.2f}",
        )
        for each in pairs
    ]
    note = (
        "These say nearly the same under two intents. Those that are not told apart come first: "
        "give both the same label, or word them as differently as they are meant."
    )
    title = f"Decide on near-duplicates across intents ({len(rows)})"
    return f"{title}</h3>{paragraph(note)}{table(header, rows, numbers=1)}" if rows else ""


def _confusions(confusions: tuple[ConfusedIntents, ...]) -> str:
    header = ("intents", "such as", "where", "mistakes", "of")
    rows = [
        (
            " / ".join(each.intents),
            each.examples[0].example.text,
            ", ".join(place_of(mistake.example) for mistake in each.examples),
            str(each.count),
            str(each.total),
        )
        for each in confusions
    ]
    note = (
        "In cross-validation these are taken for each other. Add utterances that show the "
        "difference, or make one intent of the two."
    )
    title = f"Set intents apart that are confused ({len(rows)})"
    return f"{title}</h3>{paragraph(note)}{table(header, rows, numbers=2)}" if rows else ""


def _weak_intents(intents: tuple[WeakIntent, ...]) -> str:
    header = ("intent", "what it lacks", "first at", "utterances", "recognised")
    rows = [
        (
            each.first.intent,
            counsel_of(each),
            place_of(each.first),
            str(each.count),
            f"{each.recall:.0%}",
        )
        for each in intents
    ]
    note = (
        "Twenty utterances and more, in as many ways of saying it as people have, make an intent "
        "reliable. Recognised is the share in cross-validation, which uniform utterances flatter."
    )
    title = f"Add to intents with too few or too uniform utterances ({len(rows)})"
    return f"{title}</h3>{paragraph(note)}{table(header, rows, numbers=2)}" if rows else ""
