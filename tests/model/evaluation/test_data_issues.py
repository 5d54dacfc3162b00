from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from model.datasets.readers import Example
from model.evaluation.data_issues import (
    MAX_COMPARED,
    DataIssues,
    Mistake,
    NearDuplicates,
    find_data_issues,
)
from model.evaluation.labelled_predictions import LabelledPredictions

FILE = Path("train.csv")
SUBJECTS = ("parcel", "invoice", "password", "bicycle", "weather", "concert", "garden", "ticket")


def predictions(*rows: tuple[str, str, str, float]) -> LabelledPredictions:
    """Return held-out predictions from texts, labels, predicted intents and confidences."""
    texts, intents, predicted, confidences = zip(*rows, strict=True)
    lines = range(2, len(rows) + 2)
    columns = zip(texts, intents, lines, strict=True)
    return LabelledPredictions(
        examples=tuple(Example(text, intent, FILE, line) for text, intent, line in columns),
        predicted=predicted,
        confidences=np.array(confidences),
        in_scope=np.zeros(len(rows)),
        out_of_scope=np.array([]),
        out_of_scope_confidences=np.array([]),
        threshold=None,
    )


def right(intent: str, texts: Sequence[str]) -> list[tuple[str, str, str, float]]:
    return [(text, intent, intent, 1.0) for text in texts]


def varied(intent: str, count: int = 20) -> list[tuple[str, str, str, float]]:
    """Return correctly predicted utterances, enough of them and all dissimilar."""
    rng = np.random.default_rng(sum(map(ord, intent)))
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    return right(intent, ["".join(rng.choice(letters, 12)) for _ in range(count)])


def lines_of(issues: DataIssues) -> list[int]:
    return [each.example.line for each in issues.suspects]


def test_the_comparison_of_many_utterances_is_reported(monkeypatch):
    """A line says how many were compared."""
    monkeypatch.setattr("model.evaluation.data_issues.REPORT_EVERY", 6)
    lines: list[str] = []
    find_data_issues(predictions(*varied("one", 3), *varied("two", 3)), lines.append)

    assert lines == ["Compared 6 of 6 utterances"]


def test_confident_disagreement_is_suspect_the_surest_first():
    """Correct and unconfident predictions are no suspects."""
    found = find_data_issues(
        predictions(
            ("one", "a", "a", 0.99),
            ("two", "a", "b", 0.8),
            ("three", "a", "b", 0.95),
            ("four", "b", "a", 0.79),
        )
    )

    assert lines_of(found) == [4, 3]
    assert (found.suspects[0].likely, found.suspects[0].confidence) == ("b", 0.95)


def test_near_duplicates_across_intents_are_found():
    """Confused pairs come first; pairs within an intent are not listed."""
    found = find_data_issues(
        predictions(
            ("where is my parcel", "track", "track", 0.9),
            ("where is my parcel?", "lost", "lost", 0.9),
            ("reset my password please", "reset", "forgot", 0.6),
            ("reset my password, please", "forgot", "forgot", 0.6),
            ("reset my password please!", "forgot", "forgot", 0.6),
        )
    )

    shown = [
        (each.first.line, each.second.line, each.are_recognised) for each in found.near_duplicates
    ]
    assert [each[2] for each in shown] == [False, True]
    assert shown[0][0] == 4
    assert shown[0][1] in {5, 6}
    assert shown[1] == (2, 3, True)


def test_confused_intents_are_found():
    """Both directions count, the most mistakes come first, and a single mistake is not listed."""
    found = find_data_issues(
        predictions(
            *((f"{word} one", "b", "a", 0.5) for word in SUBJECTS[:3]),
            ("other", "a", "b", 0.7),
            ("more", "c", "a", 0.5),
            ("even more", "c", "a", 0.5),
            ("single", "c", "b", 0.5),
        )
    )

    assert [(each.intents, each.count, each.total) for each in found.confusions] == [
        (("b", "a"), 4, 4),
        (("c", "a"), 2, 4),
    ]
    assert [each.example.text for each in found.confusions[0].examples] == [
        "other",
        "parcel one",
        "invoice one",
    ]


def test_intent_with_few_utterances_is_weak():
    """19 utterances are too few, 20 are enough; the lowest recall comes first."""
    rows = [*varied("enough", 20), *varied("few", 19), *varied("fewer", 2)]
    rows[-1] = ("something", "fewer", "few", 0.5)

    weak = find_data_issues(predictions(*rows)).weak_intents

    assert [(each.first.intent, each.count, each.recall) for each in weak] == [
        ("fewer", 2, 0.5),
        ("few", 19, 1.0),
    ]
    assert all(each.has_few and not each.is_uniform for each in weak)


def test_intent_of_uniform_utterances_is_weak():
    """Utterances that differ only by a number make an intent weak, however many they are."""
    uniform = right("book", [f"please book a table for {number}0 guests" for number in range(30)])

    [weak] = find_data_issues(predictions(*varied("other", 30), *uniform)).weak_intents

    assert (weak.first.intent, weak.first.line, weak.count) == ("book", 32, 30)
    assert weak.is_uniform
    assert not weak.has_few
    assert weak.repeats == pytest.approx(29 / 30)


def test_a_sample_of_many_utterances_is_compared(monkeypatch):
    """The number of compared utterances of an intent is bounded."""
    compared: list[int] = []

    def record(texts: Sequence[str]) -> tuple[()]:
        compared.append(len(texts))
        return ()

    monkeypatch.setattr("model.evaluation.data_issues.uniform_pairs", record)

    find_data_issues(
        predictions(*varied("many", 2 * MAX_COMPARED + 1), *varied("all", MAX_COMPARED))
    )

    assert sorted(compared) == [134, MAX_COMPARED]


def test_sound_data_has_no_issues():
    """Enough, dissimilar and recognised utterances lead to no issue."""
    found = find_data_issues(predictions(*varied("one"), *varied("two")))

    assert found == DataIssues((), (), (), ())


def test_checked_labels_are_left_out():
    """A person has confirmed a suspect, and one label of a pair: the suspect is left out."""
    first, second = (Example(text, text[0], Path("a.csv"), 2) for text in ("a 1", "b 2"))
    suspect = Mistake(first, "b", 0.9)
    pair = NearDuplicates(first, second, 0.95, are_recognised=True)
    issues = DataIssues((suspect,), (pair,), (), ())

    some = issues.without(frozenset({("a 1", "a")}))
    both = issues.without(frozenset({("a 1", "a"), ("b 2", "b")}))

    assert (some.suspects, some.near_duplicates, some.checked) == ((), (pair,), 1)
    assert (both.suspects, both.near_duplicates, both.checked) == ((), (), 2)
    assert issues.without(frozenset({("a 1", "b")})) == issues
