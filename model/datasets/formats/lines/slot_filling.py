"""Read folders of slot filling, as of ATIS: ``seq.in`` has the texts, ``label`` their intents."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from model.datasets.documents.archives import INTENTS, TEXTS
from model.datasets.documents.document import Document
from model.datasets.entry import Entry, entry_of
from model.datasets.format import Format
from model.errors import DataError


def _recognises(document: Document) -> bool:
    return document.path.name == TEXTS and document.beside(INTENTS) is not None


def _read(document: Document) -> Iterator[Entry]:
    beside = document.beside(INTENTS)
    if document.path.name != TEXTS or beside is None:
        raise DataError.at(document.path, f"is no file {TEXTS} with a file {INTENTS} beside it")
    lines = (map(str.strip, each.text.split("\n")) for each in (document, beside))
    for line, (text, intent) in enumerate(zip_longest(*lines), 1):
        if text or intent:
            yield entry_of(text, intent, document.path, line)


SLOT_FILLING = Format("slot-filling", "slot filling (seq.in, label)", _recognises, _read)
