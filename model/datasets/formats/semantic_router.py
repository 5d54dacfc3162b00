"""Read the routes of semantic-router, JSON or YAML: names with utterances."""

from __future__ import annotations

from collections.abc import Iterator

from model.datasets.documents.document import Document
from model.datasets.entry import Entry
from model.datasets.format import Format
from model.datasets.formats.grouped import Keys, has_groups, left_out, read_groups
from model.errors import DataError

KEYS = Keys(name=("name",), texts=("utterances",))


def _recognises(document: Document) -> bool:
    return isinstance(document.data, dict) and has_groups(document.data.get("routes"), KEYS)


def _read(document: Document) -> Iterator[Entry]:
    if not _recognises(document):
        raise DataError.at(document.path, "holds no list 'routes' with utterances")
    yield from read_groups(document, document.data["routes"], KEYS)
    yield from left_out(document, document.data, {"routes"})


SEMANTIC_ROUTER = Format("semantic-router", "semantic-router routes", _recognises, _read)
