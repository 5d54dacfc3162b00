"""Read the training data of Rasa 2 and 3: YAML with a list ``nlu``."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from pathlib import Path

from model.datasets.documents.document import Document
from model.datasets.documents.yaml_document import ListNode, MapNode, Node, Scalar
from model.datasets.entry import UNREADABLE, Entry, LeftOut, Note, entry_of
from model.datasets.format import Format
from model.datasets.formats.rasa.markup import without_entities
from model.errors import DataError, Problem

NAME_KEYS = ("synonym", "regex", "lookup")
PLURALS = {"synonym": "synonyms", "regex": "regular expressions", "lookup": "lookup tables"}
ENTRY_KEYS = ("intent", "examples", "metadata", *NAME_KEYS)
_DASH = re.compile(r"\s*-\s*(.*?)\s*")
_COMMENT = re.compile(r"\s*(#|<!--).*")
_SAFE = re.compile(r"[^'\"\\]*")


def _recognises(document: Document) -> bool:
    if not document.looks_like_yaml:
        return False
    return any(_is_nlu(root) for root in document.yaml_roots)


def _is_nlu(root: Node) -> bool:
    if isinstance(root, MapNode):
        return any(name == "nlu" for name, *_ in root.named_pairs())
    return isinstance(root, ListNode) and any(
        isinstance(item, MapNode) and {"intent", "examples"} <= {n for n, *_ in item.named_pairs()}
        for item in root.items
    )


def read(document: Document) -> Iterator[Entry]:
    """Yield the entries of all lists ``nlu``; a key that is repeated is read each time.

    Raises:
        DataError: it is not YAML, or has no list ``nlu``.
    """
    reader = _Reader(document)
    roots = [r for r in document.yaml_roots if not isinstance(r, Scalar) and _is_nlu(r)]
    if not roots:
        raise DataError.at(document.path, "holds no list 'nlu' as Rasa's training data does")
    for root in roots:
        yield from reader.root(root)


class _Reader:
    """Reads the nodes of a file."""

    def __init__(self, document: Document) -> None:
        self._path: Path = document.path
        self._lines = document.text.splitlines()

    def _unreadable(self, line: int, message: str) -> Problem:
        return Problem(self._path, line, message, UNREADABLE)

    def root(self, root: ListNode | MapNode) -> Iterator[Entry]:
        if isinstance(root, ListNode):
            yield from self._nlu(root)
        else:
            for name, key, value in root.named_pairs():
                if name == "nlu":
                    yield from self._nlu(value)
                elif name != "version":
                    yield LeftOut(self._path, key.line, name or "a key that is no text")

    def _nlu(self, entries: Node) -> Iterator[Entry]:
        if isinstance(entries, Scalar) and not entries.value.strip("~ "):
            yield Note(self._path, entries.line, "the list nlu is empty")
        elif not isinstance(entries, ListNode):
            yield self._unreadable(entries.line, "nlu is no list")
        else:
            for entry in entries.items:
                if isinstance(entry, MapNode):
                    yield from self._entry(entry)
                else:
                    yield self._unreadable(entry.line, "an entry of nlu is no mapping")

    def _entry(self, entry: MapNode) -> Iterator[Entry]:
        """Read one entry; a second intent in it begins another one, as if it had a dash."""
        intent: Node | None = None
        has_examples = is_other = False
        for name, key, value in entry.named_pairs():
            if name in NAME_KEYS:
                is_other = True
                yield LeftOut(self._path, key.line, PLURALS[name])
            elif name == "intent":
                if intent is not None and not has_examples:
                    yield self._without_examples(intent)
                intent, has_examples, is_other = value, False, False
            elif name == "examples":
                has_examples = True
                if not is_other:
                    yield from self._of_intent(intent or _later_intent(entry), value, key.line)
            elif name == "metadata":
                yield LeftOut(self._path, key.line, name)
            else:
                yield self._unreadable(key.line, _unknown_key(name))
                has_examples = has_examples or "examples" in _unknown_key(name)
        if intent is None and not is_other and not has_examples:
            yield self._unreadable(entry.line, "an entry of nlu has no intent")
        elif intent is not None and not has_examples:
            yield self._without_examples(intent)

    def _without_examples(self, intent: Node) -> Entry:
        name = intent.value if isinstance(intent, Scalar) else "an intent"
        return Note(self._path, intent.line, f"{name} has no examples")

    def _of_intent(self, intent: Node | None, examples: Node, line: int) -> Iterator[Entry]:
        if not isinstance(intent, Scalar) or not intent.value.strip():
            place = intent.line if intent else line
            yield self._unreadable(place, "examples without the name of an intent")
        elif isinstance(examples, ListNode):
            if not examples.items:
                yield self._without_examples(intent)
            for item in examples.items:
                yield from self._item(item, intent)
        elif isinstance(examples, MapNode):
            yield self._unreadable(examples.line, "examples are a mapping, not a list of texts")
        elif not examples.value.strip("~ \n"):
            yield self._without_examples(intent)
        else:
            yield from self._block(examples, intent.value)

    def _item(self, item: Node, intent: Scalar) -> Iterator[Entry]:
        """Read an example of a list: a text, or a mapping with a text."""
        if isinstance(item, Scalar):
            yield self._example(item.value, intent.value, item.line)
            return
        if isinstance(item, ListNode):
            yield self._unreadable(item.line, "an example is a list, not a text")
            return
        texts = [value for name, _, value in item.named_pairs() if name == "text"]
        for name, key, _ in item.named_pairs():
            if name != "text":
                yield LeftOut(self._path, key.line, f"{name or 'a key'} of examples")
        for text in texts:
            if isinstance(text, Scalar):
                yield self._example(text.value, intent.value, item.line)
            else:
                yield self._unreadable(text.line, "the text of an example is no text")
        if not texts:
            yield self._unreadable(item.line, "no text; an example that holds ': ' needs quotes")

    def _block(self, node: Scalar, intent: str) -> Iterator[Entry]:
        """Read the lines of a block: a dash begins an example."""
        for line, content in self._block_lines(node):
            if not content.strip():
                continue
            if found := _DASH.fullmatch(content):
                if found[1]:
                    yield self._example(found[1], intent, line)
                else:
                    yield Note(self._path, line, "a dash without a text")
            elif _COMMENT.fullmatch(content):
                yield LeftOut(self._path, line, "comments")
            else:
                shown = content.strip()[:60]
                yield self._unreadable(line, f"no dash before the example: {shown}")

    def _block_lines(self, node: Scalar) -> Iterator[tuple[int, str]]:
        if node.style == "|":
            # The block begins on the line after its mark.
            yield from enumerate(node.value.split("\n"), node.line + 1)
        elif node.style == ">":
            # Folding would join the examples to one line.
            yield from enumerate(self._lines[node.line : node.end_line - 1], node.line + 1)
        else:
            yield from self._quoted_lines(node)

    def _quoted_lines(self, node: Scalar) -> Iterator[tuple[int, str]]:
        """Find the place of each line of a quoted or plain text, which YAML has unfolded."""
        source = "\n".join(self._lines[node.line - 1 : node.end_line])
        offset = 0
        for content in node.value.split("\n"):
            start = _SAFE.match(content.strip())
            found = source.find(start[0] if start else "", offset)
            offset = max(offset, found)
            yield node.line + source.count("\n", 0, offset), content
            offset += bool(content.strip())

    def _example(self, text: str, intent: str, line: int) -> Entry:
        return entry_of(without_entities(text.strip().removeprefix("- ")), intent, self._path, line)


def _later_intent(entry: MapNode) -> Node | None:
    return next((value for name, _, value in entry.named_pairs() if name == "intent"), None)


def _unknown_key(name: str) -> str:
    if not name:
        return "a key that is no text"
    close = difflib.get_close_matches(name, ENTRY_KEYS, 1)
    return f"unknown key {name}" + (f"; is it {close[0]}?" if close else "")


RASA_YAML = Format("rasa", "Rasa YAML", _recognises, read)
