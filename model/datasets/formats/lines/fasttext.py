"""Read the training data of fastText: lines with a text and a word ``__label__NAME``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from model.datasets.documents.document import Document
from model.datasets.entry import Entry, entry_of
from model.datasets.format import Format
from model.errors import DataError
from model.tables.encoding import decode_text

_LABEL = re.compile(r"(?<!\S)__label__(\S+)")
_DELIMITER = re.compile("[,;|]")  # of a table whose labels have this prefix


def _recognises(document: Document) -> bool:
    found = _LABEL.match(decode_text(document.head)[0].lstrip("\ufeff"))
    return found is not None and not _DELIMITER.search(found[1])


def _read(document: Document) -> Iterator[Entry]:
    if not _LABEL.search(document.text):
        raise DataError.at(document.path, "holds no words __label__NAME as fastText's files do")
    for line, content in enumerate(document.text.split("\n"), 1):
        labels = _LABEL.findall(content)
        if content.strip():
            intent = labels if len(labels) > 1 else "".join(labels)
            yield entry_of(_LABEL.sub("", content), intent, document.path, line)


FASTTEXT = Format("fasttext", "fastText", _recognises, _read)
