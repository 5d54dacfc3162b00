"""Read the training data of Rasa 1: Markdown and JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from model.datasets.documents.document import Document
from model.datasets.entry import Entry, LeftOut, Note, entry_of
from model.datasets.format import Format
from model.datasets.formats.grouped import item_of, left_out
from model.datasets.formats.rasa.markup import without_entities
from model.datasets.located import line_of
from model.errors import DataError, Problem
from model.tables.encoding import decode_text

LISTS = ("common_examples", "intent_examples", "entity_examples")
_SECTION = re.compile(r"\s*#+\s*(intent|synonym|regex|lookup)\s*:\s*(.*?)\s*")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_INTENT = re.compile(r"^[ \t]*#+[ \t]*(intent|synonym|regex|lookup)[ \t]*:", re.MULTILINE)


def _is_markdown(document: Document) -> bool:
    return bool(_INTENT.search(decode_text(document.head)[0]))


def _read_markdown(document: Document) -> Iterator[Entry]:
    """Yield the entries of all sections, which begin with ``## intent:NAME``."""
    if not _INTENT.search(document.text):
        raise DataError.at(document.path, "holds no section '## intent:'")
    # Comments leave their line breaks, for the numbers of the lines behind them.
    text = _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), document.text)
    kind, name, begin, count = "", "", 0, 0
    for line, content in enumerate([*text.split("\n"), "## "], 1):
        section = _SECTION.fullmatch(content)
        if section or content.lstrip().startswith("#"):
            if kind == "intent" and not count:
                yield Note(document.path, begin, f"{name} has no examples")
            kind, name = (section[1], section[2]) if section else ("", "")
            begin, count = line, 0
            if kind not in {"", "intent"}:
                yield LeftOut(document.path, line, f"sections {kind}")
        elif content.strip() and kind in {"", "intent"}:
            count += 1
            yield _item(document, content, name if kind else None, line)


def _item(document: Document, content: str, intent: str | None, line: int) -> Entry:
    if intent is None:
        return LeftOut(document.path, line, "lines outside of sections")
    text = item_of(document, content, line)
    if isinstance(text, Problem):
        return text
    return entry_of(without_entities(text), intent, document.path, line)


def _is_json(document: Document) -> bool:
    return isinstance(document.data, dict) and "rasa_nlu_data" in document.data


def _read_json(document: Document) -> Iterator[Entry]:
    data: Any = document.data.get("rasa_nlu_data") if _is_json(document) else None
    if not isinstance(data, dict):
        raise DataError.at(document.path, "holds no object 'rasa_nlu_data'")
    for name in LISTS:
        examples = data.get(name) or []
        for example in examples if isinstance(examples, list) else [examples]:
            fields = example if isinstance(example, dict) else {}
            intent, line = fields.get("intent"), line_of(example)
            if name == "entity_examples" and not intent:
                yield LeftOut(document.path, line, "examples of entities")
            else:
                yield entry_of(fields.get("text"), intent, document.path, line)
    yield from left_out(document, data, set(LISTS))


RASA_MARKDOWN = Format("rasa-md", "Rasa 1 Markdown", _is_markdown, _read_markdown)
RASA_JSON = Format("rasa-json", "Rasa JSON", _is_json, _read_json)
