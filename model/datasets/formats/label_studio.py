"""Read a JSON export of Label Studio: tasks with annotations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from model.datasets.documents.document import Document
from model.datasets.entry import UNREADABLE, Entry, LeftOut, entry_of
from model.datasets.format import Format
from model.datasets.located import line_of
from model.errors import DataError, Problem
from model.tables.columns import TEXT, named_column, usual_column

ANNOTATIONS = ("annotations", "completions")  # the latter before version 1


def _is_task(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("data"), dict):
        return False
    return any(isinstance(value.get(key), list) for key in ANNOTATIONS)


def _recognises(document: Document) -> bool:
    return isinstance(document.data, list) and any(map(_is_task, document.data))


def _read(document: Document) -> Iterator[Entry]:
    if not _recognises(document):
        raise DataError.at(document.path, "holds no tasks with annotations")
    for task in document.data:
        if _is_task(task):
            yield _entry(document, task)
        else:
            yield Problem(document.path, line_of(task), "a task has no annotations", UNREADABLE)


def _entry(document: Document, task: Any) -> Entry:
    line = line_of(task)
    choices = {
        choice
        for key in ANNOTATIONS
        for annotation in task.get(key) or []
        if isinstance(annotation, dict) and annotation.get("was_cancelled") is not True
        for choice in _choices(annotation.get("result"))
    }
    if not choices:
        return LeftOut(document.path, line, "tasks without a choice")
    if len(choices) > 1:
        names = ", ".join(sorted(choices))
        message = f"has several choices: {names}; an utterance has one intent"
        return Problem(document.path, line, message, UNREADABLE)
    text = _text(task["data"], document.options.text_column)
    return entry_of(text, choices.pop(), document.path, line)


def _text(data: Mapping[str, Any], wanted: str | None) -> Any:
    """Return the text of a task: of a chosen or a usual name, or the only text of it."""
    keys = list(data)
    at = usual_column(keys, TEXT) if wanted is None else named_column(keys, wanted)
    texts = [value for value in data.values() if isinstance(value, str)]
    if at is None and wanted is None and len(texts) == 1:
        return texts[0]
    return None if at is None else data[keys[at]]


def _choices(result: Any) -> Iterator[str]:
    for each in result if isinstance(result, list) else []:
        value = each.get("value") if isinstance(each, dict) else None
        choices = value.get("choices") if isinstance(value, dict) else None
        yield from (choice for choice in choices or [] if isinstance(choice, str))


LABEL_STUDIO = Format("label-studio", "Label Studio", _recognises, _read)
