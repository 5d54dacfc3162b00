"""JSONL: a JSON object in each line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from model.inference.prediction import Prediction
from model.inference.strict_json import DECODER, is_unicode
from model.tables.line_reader import MAX_RECORD, TOO_LONG, decode
from model.tables.table import to_json
from model.tables.text_table import Record, TextTable


class JsonLinesTable(TextTable):
    """Objects, one a line; lines of white space are passed over."""

    def render(self, record: str, prediction: Prediction) -> str:
        """Add the labels behind an object's own keys, which stay as they are."""
        values = to_json(self._layout.values(prediction))
        return f"{record.strip()[:-1].rstrip()}, {values[1:]}\n"

    def _records(self) -> Iterator[Record]:
        line = self._lines.line
        while raw := self._lines.read():
            if len(raw) > MAX_RECORD:
                self._lines.skip_rest(raw)
                yield Record(line, decode(raw[:200]), problem=TOO_LONG)
            elif raw.strip():
                text = decode(raw).removeprefix("\ufeff")
                yield self._record(line, text)
            line = self._lines.line

    def _record(self, line: int, text: str) -> Record:
        if not is_unicode(text):
            return Record(line, text, problem="is not UTF-8")
        try:
            fields = DECODER.decode(text)
        except (ValueError, RecursionError):
            return Record(line, text, problem="is not JSON")
        if not isinstance(fields, dict):
            return Record(line, text, problem="is not a JSON object")
        if clashing := [name for name in self._layout.added if name in fields]:
            return Record(line, text, problem=f"has {' and '.join(clashing)} already")
        utterance: Any = fields.get(self._layout.column)
        return Record(line, text, utterance, self._layout.problem(utterance))
