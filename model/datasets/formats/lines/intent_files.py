"""Read ``.intent`` files of Mycroft and OVOS: a template of utterances in each line.

The file's name is the intent's. ``(a|b)`` are alternatives, ``[a]`` is optional, and ``{place}``
stands for an entity (https://github.com/MycroftAI/padatious).
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from model.datasets.documents.document import Document
from model.datasets.entry import UNREADABLE, Entry, LeftOut, Note, entry_of
from model.datasets.format import Format
from model.errors import DataError, Problem
from model.tables.encoding import decode_text

SUFFIX = ".intent"  # nothing in the content tells such a file from other texts
MAX_VARIANTS = 50
MAX_LENGTH = 2_000  # to expand a longer template takes too long
_GROUP = re.compile(r"\(([^()\[\]]*)\)|\[([^()\[\]]*)\]")  # an innermost one
_BRACKET = re.compile(r"[()\[\]]")
_ENTITY = re.compile(r"\{[^{}]+\}")


def _recognises(document: Document) -> bool:
    return document.suffix == SUFFIX and bool(decode_text(document.head)[0].strip())


def _read(document: Document) -> Iterator[Entry]:
    if document.suffix != SUFFIX:
        raise DataError.at(document.path, f"is no file NAME{SUFFIX}")
    for line, content in enumerate(map(str.strip, document.text.split("\n")), 1):
        if content and not content.startswith("#"):
            yield from read_template(document, content, document.path.stem, line)


def read_template(document: Document, template: str, intent: str, line: int) -> Iterator[Entry]:
    """Yield the entries of a template: an utterance for each of its variants."""
    path = document.path
    texts, is_sample = variants_of(template) if len(template) <= MAX_LENGTH else ([], False)
    if not texts:
        message = f"is longer than {MAX_LENGTH} characters, or has no words"
        yield Problem(path, line, message, UNREADABLE)
    elif any(map(_BRACKET.search, texts)):
        yield Problem(path, line, f"a bracket is not closed: {template[:60]}", UNREADABLE)
    else:
        if is_sample:
            yield Note(path, line, f"{MAX_VARIANTS} variants of more are read")
        for text in texts:
            yield entry_of(text, intent, path, line)
        if _ENTITY.search(template):
            yield LeftOut(path, line, "values of {entities}, whose names stay in the text")


def variants_of(template: str) -> tuple[list[str], bool]:
    """Return the utterances of a template, at most ``MAX_VARIANTS``, and whether there are more."""
    texts, is_sample = [template], False
    while _GROUP.search(texts[0]):  # all have the same number of groups
        texts = list(dict.fromkeys(each for text in texts for each in _expanded(text)))
        if len(texts) > MAX_VARIANTS:
            # The same ones each time.
            texts = random.Random(template).sample(texts, MAX_VARIANTS)  # noqa: S311 - no secret
            is_sample = True
    variants = dict.fromkeys(" ".join(text.split()) for text in texts)
    return [text for text in variants if text], is_sample


def _expanded(text: str) -> Iterator[str]:
    """Yield a text with each alternative of its first innermost group."""
    before, required, optional, after = _GROUP.split(text, maxsplit=1)
    options = required.split("|") if optional is None else ["", *optional.split("|")]
    for option in options:
        yield f"{before}{option}{after}"


INTENT_FILES = Format("intent-files", "Mycroft or OVOS .intent", _recognises, _read)
