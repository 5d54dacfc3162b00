"""Read the exports of LUIS and of its successor, conversational language understanding (CLU).

The second format is that of LUIS's text files, which Bot Framework Composer writes as well
(https://learn.microsoft.com/azure/bot-service/file-format/bot-builder-lu-file-format).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from model.datasets.documents.document import Document
from model.datasets.entry import UNREADABLE, Entry, LeftOut, Note, entry_of
from model.datasets.format import Format
from model.datasets.formats.grouped import item_of, left_out
from model.datasets.formats.row_parts import RowParts
from model.datasets.located import line_of
from model.errors import DataError, Problem
from model.tables.encoding import decode_text

NAMES = ("name", "category")
LU_SUFFIX = ".lu"  # nothing in the content tells such a file from other Markdown
PATTERNS, REFERENCES = "patterns", "references to other files"
ENTITIES, ANSWERS = "entities and their values", "questions and answers"
OUTSIDE = "lines outside of sections"
FENCE = "```"  # around an answer
MAX_NESTED_LABELS = 9
_REFERENCE = re.compile(r"\[[^\]]*\]\([^)]*\)")
_LABEL = re.compile(r"(?<!\\)\{[^{}=]*=([^{}]*)\}")
# A placeholder, or words that may be left out or stand for each other.
_PATTERN = re.compile(r"(?<!\\)(?:[{}]|\[[^\[\]]*\]|\([^()|]*\|[^()]*\))")
_ESCAPED = re.compile(r"\\([\[\]{}()\\])")


def _app(data: Any) -> Mapping[str, Any] | None:
    """Return the object with the utterances: the whole export of LUIS, the assets of CLU."""
    if isinstance(data, dict) and isinstance(data.get("assets"), dict):
        data = data["assets"]
    if not isinstance(data, dict) or not isinstance(data.get("utterances"), list):
        return None
    is_labelled = any(
        isinstance(each, dict) and ("intent" in each or "intentName" in each)
        for each in data["utterances"]
    )
    return data if is_labelled or isinstance(data.get("intents"), list) else None


def _recognises(document: Document) -> bool:
    return _app(document.data) is not None


def _read(document: Document) -> Iterator[Entry]:
    app = _app(document.data)
    if app is None:
        message = "holds no list 'utterances' as LUIS's and CLU's exports do"
        raise DataError.at(document.path, message)
    labelled = set()
    parts = RowParts(document.path)
    for utterance in app["utterances"]:
        entry = _entry(document, utterance, parts)
        labelled.add(getattr(entry, "intent", None))
        yield entry
    yield from parts.notes()
    yield from _without_utterances(document, app.get("intents"), labelled)
    yield from left_out(document, app, {"utterances", "intents", "settings"})


def _entry(document: Document, utterance: Any, parts: RowParts) -> Entry:
    line = line_of(utterance)
    if not isinstance(utterance, dict):
        return Problem(document.path, line, "an utterance is no object", UNREADABLE)
    intent = utterance.get("intent", utterance.get("intentName"))
    entry = entry_of(utterance.get("text"), intent, document.path, line)
    return parts.assign_record(entry, utterance, frozenset())  # CLU's key is dataset


def _without_utterances(document: Document, intents: Any, labelled: set[Any]) -> Iterator[Entry]:
    for intent in intents if isinstance(intents, list) else []:
        name = (
            next((intent[key] for key in NAMES if key in intent), None)
            if isinstance(intent, dict)
            else intent
        )
        if isinstance(name, str) and name.strip() not in labelled:
            yield Note(document.path, line_of(intent), f"{name} has no utterances")


def _is_lu(document: Document) -> bool:
    # Composer writes a blank file for a dialog without intents.
    return document.suffix == LU_SUFFIX and bool(decode_text(document.head)[0].strip())


def _read_lu(document: Document) -> Iterator[Entry]:
    """Yield the entries of all sections, which begin with ``# NAME``, ``# ? QUESTION`` or ``@``."""
    intent, other, begin = "", OUTSIDE, 0
    intents: dict[int, str] = {}
    filled: set[int] = set()
    for line, content in _lu_lines(document):
        if content.startswith("#"):
            intent, begin = content.lstrip("#").strip(), line
            other = ANSWERS if intent.startswith("?") else ""
            if not other:
                intents[begin] = intent
        elif content.startswith(("@", "$")):
            other = ENTITIES
        what = REFERENCES if _REFERENCE.fullmatch(content.lstrip("-*+ \t")) else other
        if what:
            yield LeftOut(document.path, line, what)
        elif line != begin:
            filled.add(begin)
            yield _utterance(document, content, intent, line)
    for begin in sorted(intents.keys() - filled):
        yield Note(document.path, begin, f"{intents[begin]} has no utterances")


def _lu_lines(document: Document) -> Iterator[tuple[int, str]]:
    """Yield the lines that are no comments, and of an answer the first one."""
    answer = 0  # the line where an answer begins that has not ended yet
    for line, content in enumerate(map(str.strip, document.text.split("\n")), 1):
        if content.startswith(FENCE) and answer:
            answer = 0
        elif content and not answer and not content.startswith(">"):
            answer = line if content.startswith(FENCE) else 0
            yield line, content
    if answer:
        message = "the answer that begins here never ends"
        raise DataError([Problem(document.path, answer, message, UNREADABLE)])


def _utterance(document: Document, content: str, intent: str, line: int) -> Entry:
    text = item_of(document, content, line)
    if isinstance(text, Problem):
        return text
    for _ in range(MAX_NESTED_LABELS):
        text = _LABEL.sub(lambda label: label[1].strip(), text)
    if _PATTERN.search(text):
        return LeftOut(document.path, line, PATTERNS)
    return entry_of(_ESCAPED.sub(r"\1", text), intent, document.path, line)


MICROSOFT = Format("luis", "LUIS or CLU", _recognises, _read)
BOT_FRAMEWORK = Format("lu", "LUIS or Bot Framework .lu", _is_lu, _read_lu)
