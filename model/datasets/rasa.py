"""Read training data of Rasa: its NLU YAML format, version 3."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from model.errors import DataError, Problem

# "[Berlin](city)", "[Berlin]{"entity": "city"}": an annotated entity is its text.
_ENTITY = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})")
_ITEM = re.compile(r"\s*-\s+(.*)")


def read_rasa(text: str, path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    """Give each example with the line it stands on.

    Lookup tables, synonyms, regular expressions and other parts than ``nlu`` are left out; of
    annotated entities the text remains.

    Raises:
        DataError: no YAML, or without a list ``nlu``.
    """
    try:
        root = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 0
        raise DataError([Problem(path, line, "is not YAML")]) from error
    entries = _members(root).get("nlu")
    if not isinstance(entries, yaml.SequenceNode):
        raise DataError([Problem(path, 0, "holds no list 'nlu' as Rasa's training data does")])
    for entry in entries.value:
        members = _members(entry)
        intent, examples = members.get("intent"), members.get("examples")
        if intent is not None and examples is not None:
            yield from _examples(examples, intent.value)


def _members(node: Any) -> dict[str, Any]:
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {key.value: value for key, value in node.value}


def _examples(node: Any, intent: object) -> Iterator[tuple[int, dict[str, object]]]:
    """Read ``- text`` lines of a block of text, or a list of objects with a ``text``."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            text = _members(item).get("text")
            yield item.start_mark.line + 1, _record(text.value if text else "", intent)
    else:
        # The block begins on the line after its mark, and lines count from 1.
        for line, content in enumerate(node.value.split("\n"), node.start_mark.line + 2):
            if found := _ITEM.fullmatch(content):
                yield line, _record(found[1], intent)


def _record(text: str, intent: object) -> dict[str, object]:
    return {"text": _ENTITY.sub(r"\1", text.strip().removeprefix("- ")), "intent": intent}
