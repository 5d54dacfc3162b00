"""Read the sentences of Home Assistant: templates of utterances, listed for each intent.

``<rule>`` stands for a template under ``expansion_rules`` of the file or of ``_common.yaml``
(https://developers.home-assistant.io/docs/voice/intent-recognition/template-sentence-syntax).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from model.datasets.documents.document import Document
from model.datasets.entry import UNREADABLE, Entry, LeftOut, Note
from model.datasets.format import Format
from model.datasets.formats.grouped import left_out
from model.datasets.formats.lines.intent_files import MAX_LENGTH, read_template
from model.datasets.located import line_of
from model.errors import DataError, Problem

COMMON = "_common.yaml"
INTENTS, RULES, SENTENCES = "intents", "expansion_rules", "sentences"
MAX_NESTED_RULES = 9
_RULE = re.compile(r"<([^<>]+)>")
_SLOT = re.compile(r"\{([^{}:]+):[^{}]*\}")  # the name of a list, and that of a slot


def _intents(data: Any) -> Mapping[str, Any]:
    """Return the intents by their names; none if data is something else."""
    intents = data.get(INTENTS) if isinstance(data, dict) else None
    found = intents if isinstance(intents, dict) else {}
    return found if any(any(True for _ in _blocks(each)) for each in found.values()) else {}


def _blocks(intent: Any) -> Iterator[Mapping[str, Any]]:
    blocks = intent.get("data") if isinstance(intent, dict) else None
    for block in blocks if isinstance(blocks, list) else []:
        if isinstance(block, dict) and isinstance(block.get(SENTENCES), list):
            yield block


def _recognises(document: Document) -> bool:
    return bool(_intents(document.data))


def _read(document: Document) -> Iterator[Entry]:
    intents = _intents(document.data)
    if not intents:
        raise DataError.at(document.path, "holds no intents with sentences as Home Assistant's do")
    rules = _rules(document)
    for name, intent in intents.items():
        sentences = [each for block in _blocks(intent) for each in block[SENTENCES]]
        if not sentences:
            yield Note(document.path, line_of(intent), f"{name} has no sentences")
        for sentence in sentences:
            yield from _sentence(document, sentence, name, rules)
    yield from left_out(document, document.data, {INTENTS, RULES})


def _rules(document: Document) -> Mapping[str, str]:
    common = document.beside(COMMON)
    rules: dict[str, str] = {}
    for each in (common, document):
        own = each.data.get(RULES) if each and isinstance(each.data, dict) else None
        rules |= own if isinstance(own, dict) else {}
    return {
        name: rule
        for name, rule in rules.items()
        if isinstance(rule, str) and len(rule) <= MAX_LENGTH
    }


def _sentence(
    document: Document, sentence: Any, intent: str, rules: Mapping[str, str]
) -> Iterator[Entry]:
    line = line_of(sentence)
    if not isinstance(sentence, str):
        yield Problem(document.path, line, f"a sentence of {intent} is no text", UNREADABLE)
        return
    template = str(sentence)
    for _ in range(MAX_NESTED_RULES):
        if len(template) <= MAX_LENGTH:
            template = _RULE.sub(lambda rule: f"({rules.get(rule[1], rule[0])})", template)
    if _RULE.search(template):
        yield LeftOut(document.path, line, "sentences with unknown, circular or too long rules")
    else:
        # Of parts in any order, the order that is written is read.
        plain = _SLOT.sub(r"{\1}", template).replace(";", " ")
        yield from read_template(document, plain, intent, line)


HOME_ASSISTANT = Format("home-assistant", "Home Assistant sentences", _recognises, _read)
