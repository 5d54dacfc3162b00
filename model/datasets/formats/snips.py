"""Read the data sets of Snips: JSON, the JSON of its benchmark, and YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from model.datasets.documents.document import Document
from model.datasets.entry import UNREADABLE, Entry, LeftOut, entry_of
from model.datasets.format import Format
from model.datasets.formats.grouped import left_out, read_texts
from model.datasets.located import line_of
from model.errors import DataError, Problem

# "[room:room_name](living room)": a slot is the text in parentheses.
_SLOT = re.compile(r"\[[^\[\]]+\]\(([^()]*)\)")


def _of_json(data: Any) -> Mapping[str, Any] | None:
    """Return the utterances of each intent."""
    if not isinstance(data, dict):
        return None
    intents = data.get("intents")
    if isinstance(intents, dict) and any(
        isinstance(each, dict) and "utterances" in each for each in intents.values()
    ):
        return {
            name: each.get("utterances") if isinstance(each, dict) else each
            for name, each in intents.items()
        }
    is_benchmark = bool(data) and all(
        isinstance(each, list)
        and each
        and isinstance(each[0], dict)
        and isinstance(each[0].get("data"), list)
        for each in data.values()
    )
    return data if is_benchmark else None


def _of_yaml(data: Any) -> list[Any] | None:
    """Return the documents of a YAML file, some of which are intents."""
    documents = data if isinstance(data, list) else [data]
    is_snips = any(isinstance(each, dict) and each.get("type") == "intent" for each in documents)
    return documents if is_snips else None


def _recognises(document: Document) -> bool:
    return _of_json(document.data) is not None or _of_yaml(document.data) is not None


def _read(document: Document) -> Iterator[Entry]:
    data = document.data
    documents, intents = _of_yaml(data), _of_json(data)
    if documents is not None:
        for each in documents:
            yield from _yaml_document(document, each)
    elif intents is not None:
        for name, utterances in intents.items():
            yield from read_texts(document, name, utterances, line_of(utterances))
        if isinstance(data.get("intents"), dict):
            yield from left_out(document, data, {"intents"})
    else:
        raise DataError.at(document.path, "holds no intents as Snips's data sets do")


def _yaml_document(document: Document, fields: Any) -> Iterator[Entry]:
    if not isinstance(fields, dict) or fields.get("type") not in {"intent", "entity"}:
        message = "a document is neither an intent nor an entity"
        yield Problem(document.path, line_of(fields), message, UNREADABLE)
    elif fields["type"] == "entity":
        yield LeftOut(document.path, line_of(fields), "entities")
    else:
        texts = fields.get("utterances")
        for text in texts if isinstance(texts, list) else []:
            plain = _SLOT.sub(r"\1", text) if isinstance(text, str) else None
            yield entry_of(plain, fields.get("name"), document.path, line_of(text))
        if not isinstance(texts, list) or not texts:
            yield from read_texts(document, fields.get("name"), texts, line_of(fields))
        yield from left_out(document, fields, {"utterances"})


SNIPS = Format("snips", "Snips", _recognises, _read)
