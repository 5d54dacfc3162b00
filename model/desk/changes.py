"""The changes of files that a decision asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from model.datasets.checked import KEEP
from model.datasets.records import Record, Utterance
from model.desk.corpus import Corpus
from model.desk.data_files import Change, DataFiles
from model.desk.decision import ADD, DELETE, RELABEL, RENAME, REWORD, Decision
from model.desk.errors import DecisionError
from model.inference.prediction import OUT_OF_SCOPE


def changes_of(decision: Decision, files: DataFiles) -> list[Change]:
    """Return the changes that carry out a decision.

    Raises:
        DecisionError: it can't be carried out.
    """
    changes = _ACTIONS.get(decision.action)
    if changes is None:
        raise DecisionError("There is no such action")
    return [change for change in changes(decision, files) if change.edits]


def _keep(decision: Decision, _: DataFiles) -> list[Change]:
    if not decision.finding:
        raise DecisionError("There is no finding to keep")
    return []


def _relabel(decision: Decision, files: DataFiles) -> list[Change]:
    utterances = _some(decision)
    if decision.to == OUT_OF_SCOPE and files.out_of_scope:
        removal = _replacing(files.train, dict.fromkeys(utterances))
        return [removal, _appending(files.out_of_scope, decision)]
    new = {each: Utterance(each.text, decision.to.strip()) for each in utterances}
    return [_replacing(files.train, new)]


def _delete(decision: Decision, files: DataFiles) -> list[Change]:
    if decision.intent in files.left_over():
        return [
            _replacing(corpus, dict.fromkeys(corpus.select(decision.intent)))
            for corpus in files.beside
        ]
    return [_replacing(files.train, dict.fromkeys(_some(decision)))]


def _reword(decision: Decision, files: DataFiles) -> list[Change]:
    new = {each: Utterance(decision.to, each.intent) for each in _some(decision)}
    return [_replacing(files.train, new)]


def _add(decision: Decision, files: DataFiles) -> list[Change]:
    _refuse_other_intents(decision, files.train)
    outside = files.out_of_scope if decision.to == OUT_OF_SCOPE else None
    return [_appending(outside or files.train, decision)]


def _rename(decision: Decision, files: DataFiles) -> list[Change]:
    """Rename an intent in all files; with the name of another one, both are merged."""
    if not files.train.count(decision.intent) and decision.intent not in files.left_over():
        raise DecisionError("There is no such intent")
    if decision.to == OUT_OF_SCOPE:
        raise DecisionError("Select the utterances to mark them as out of scope")
    name = decision.to.strip()
    changes = [
        _replacing(corpus, {each: Utterance(each.text, name) for each in utterances})
        for corpus in (files.train, *files.tests)
        if (utterances := [*corpus.select(decision.intent)])
    ]
    if files.descriptions and files.descriptions.count(decision.intent):
        described = Utterance(decision.intent, decision.intent)
        changes.append(_replacing(files.descriptions, {described: Utterance(name, name)}))
    return changes


def _some(decision: Decision) -> Sequence[Utterance]:
    if not decision.utterances:
        raise DecisionError("No utterance is selected")
    return decision.utterances


def _replacing(corpus: Corpus, new: Mapping[Utterance, Utterance | None]) -> Change:
    """Return the edits that replace utterances; one that the file has already is not repeated."""
    edits: dict[int, Record | None] = {}
    for old, each in new.items():
        is_there = each is not None and each != old and each in corpus
        edits |= corpus.replacing(old, None if is_there else each)
    return Change(corpus, edits)


def _appending(corpus: Corpus, decision: Decision) -> Change:
    added = dict.fromkeys(Utterance(each.text, decision.to.strip()) for each in _some(decision))
    return Change(corpus, corpus.appending([e for e in added if not corpus.utterances_of(e.text)]))


def _refuse_other_intents(decision: Decision, train: Corpus) -> None:
    """Raise an error if a text that is to be added has another intent already."""
    for each in decision.utterances:
        for known in train.utterances_of(each.text):
            if known.intent != decision.to.strip():
                raise DecisionError(f"A text is labelled {known.intent} already: relabel it")


_ACTIONS: Mapping[str, Callable[[Decision, DataFiles], list[Change]]] = {
    KEEP: _keep,
    RELABEL: _relabel,
    DELETE: _delete,
    REWORD: _reword,
    ADD: _add,
    RENAME: _rename,
}
