"""Parse YAML of any depth, with lines and repeated keys.

PyYAML composes nodes recursively, so that deep nesting ends in a RecursionError or, in C, in a
crash. Here its event parser, which is not recursive, feeds a stack.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from model.datasets.documents.json_document import REPEATED_KEYS
from model.datasets.located import LocatedText
from model.errors import DataError, Problem

MAX_DEPTH = 100
# The C parser is thirty times as fast, and not in every build of PyYAML.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class Scalar:
    """A text.

    Attributes:
        value: as YAML unfolds it.
        line: where it begins, from 1.
        end_line: where it ends.
        style: the quote, ``|``, ``>``, or empty for a plain one.
    """

    value: str
    line: int
    end_line: int
    style: str


@dataclass(slots=True)
class ListNode:
    """A list."""

    line: int
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class MapNode:
    """A mapping: its keys and values in their order, repeated keys included."""

    line: int
    items: list[Node] = field(default_factory=list)

    @property
    def pairs(self) -> Iterator[tuple[Node, Node]]:
        """Each key with its value."""
        return zip(self.items[::2], self.items[1::2], strict=True)

    def named_pairs(self) -> Iterator[tuple[str, Node, Node]]:
        """Yield each key's text, the key and its value; keys that are no texts are empty."""
        for key, value in self.pairs:
            yield (key.value if isinstance(key, Scalar) else ""), key, value


Node = Scalar | ListNode | MapNode


def compose_yaml(text: str, path: Path) -> list[Node]:
    """Return the root of each document in a YAML file.

    Raises:
        DataError: it is not YAML, or is nested too deeply.
    """
    roots = ListNode(1)
    stack: list[ListNode | MapNode] = [roots]
    anchors: dict[str, Node] = {}
    try:
        # Without a last line break, a block would seem to end on its last line.
        for event in yaml.parse(text.rstrip("\n") + "\n", Loader=_LOADER):
            if isinstance(event, yaml.AliasEvent) and event.anchor not in anchors:
                raise DataError.at(path, f"has no anchor {event.anchor}", line=_line(event))
            _take(event, stack, anchors)
            if len(stack) > MAX_DEPTH:
                message = f"is nested deeper than {MAX_DEPTH} levels"
                raise DataError.at(path, message, line=_line(event))
    except yaml.YAMLError as error:
        raise DataError([_not_yaml(error, path)]) from error
    return roots.items


def _take(event: yaml.Event, stack: list[ListNode | MapNode], anchors: dict[str, Node]) -> None:
    node: Node
    if isinstance(event, yaml.CollectionEndEvent):
        stack.pop()
        return
    if isinstance(event, yaml.AliasEvent):
        stack[-1].items.append(anchors[event.anchor or ""])
        return
    if not isinstance(event, yaml.NodeEvent):
        return
    line = _line(event)
    if isinstance(event, yaml.ScalarEvent):
        end_line = event.end_mark.line + 1 if event.end_mark else line
        node = Scalar(event.value, line, end_line, event.style or "")
    else:
        node = MapNode(line) if isinstance(event, yaml.MappingStartEvent) else ListNode(line)
    stack[-1].items.append(node)
    if event.anchor:
        anchors[event.anchor] = node
    if not isinstance(node, Scalar):
        stack.append(node)


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0


def _not_yaml(error: yaml.YAMLError, path: Path) -> Problem:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None)
    return Problem(
        path,
        mark.line + 1 if mark else 0,
        f"is not YAML: {problem}" if problem else "is not YAML",
    )


def to_value(node: Node, path: Path) -> tuple[Any, Sequence[Problem]]:
    """Return a node as dicts, lists and located texts, and its repeated keys as problems.

    All scalars are texts. An alias is the same object again; a node within itself is a problem.
    """
    converter = _Converter(path)
    return converter.convert(node), converter.problems


class _Converter:
    """Converts nodes, each once, however many aliases it has."""

    def __init__(self, path: Path) -> None:
        self.problems: list[Problem] = []
        self._path = path
        self._converted: dict[int, Any] = {}
        self._open: set[int] = set()

    def convert(self, node: Node) -> Any:
        if isinstance(node, Scalar):
            return LocatedText(node.value, node.line)
        if id(node) in self._open:
            self.problems.append(Problem(self._path, node.line, "holds itself"))
            return None
        if id(node) not in self._converted:
            self._open.add(id(node))
            is_list = isinstance(node, ListNode)
            self._converted[id(node)] = self._list(node) if is_list else self._map(node)
            self._open.remove(id(node))
        return self._converted[id(node)]

    def _list(self, node: Any) -> list[Any]:
        return [self.convert(item) for item in node.items]

    def _map(self, node: Any) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for name, key, value in node.named_pairs():
            if name in fields:
                message = f"repeats the key {name}"
                self.problems.append(Problem(self._path, key.line, message, REPEATED_KEYS))
            fields[name] = self.convert(value)
        return fields
