"""Parse JSONL: a JSON object in each line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from model.errors import ProblemKind
from model.inference.strict_json import DECODER, is_unicode
from model.tables.line_reader import MAX_RECORD, TOO_LONG, Lines, decode
from model.tables.table import IS_NOT_UTF8, NOT_UTF8

NOT_JSON = ProblemKind("lines that are not JSON objects", "write one JSON object in each line")


@dataclass(frozen=True, slots=True)
class JsonRow:
    """A line of a JSONL file.

    Attributes:
        line: its number.
        text: the whole line.
        fields: its object; empty where there is a problem.
        problem: why the line can't be read.
        kind: of the problem.
    """

    line: int
    text: str
    fields: Mapping[str, Any]
    problem: str | None = None
    kind: ProblemKind | None = None


def json_rows(lines: Lines) -> Iterator[JsonRow]:
    """Yield the objects from where the file stands; blank lines are skipped."""
    line = lines.line
    while raw := lines.read():
        if len(raw) > MAX_RECORD:
            lines.skip_rest(raw)
            yield JsonRow(line, decode(raw[:200]), {}, TOO_LONG, NOT_JSON)
        elif (text := decode(raw).removeprefix("\ufeff")).strip():
            yield _row(line, text)
        line = lines.line


def _row(line: int, text: str) -> JsonRow:
    if not is_unicode(text):
        return JsonRow(line, text, {}, IS_NOT_UTF8, NOT_UTF8)
    try:
        fields = DECODER.decode(text)
    except (json.JSONDecodeError, RecursionError):
        return JsonRow(line, text, {}, "is not JSON", NOT_JSON)
    except ValueError:  # Python's json writes such numbers; to write them again would be no JSON
        problem = "holds a number that JSON can't express (NaN, Infinity or too large): write null"
        return JsonRow(line, text, {}, problem, NOT_JSON)
    if not isinstance(fields, dict):
        return JsonRow(line, text, {}, "is not a JSON object", NOT_JSON)
    return JsonRow(line, text, fields)
