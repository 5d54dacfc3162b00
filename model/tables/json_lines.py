"""Add predictions to the objects of JSONL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from model.inference.prediction import Prediction
from model.tables.columns import TEXT, usual_column
from model.tables.json_rows import JsonRow, json_rows
from model.tables.table import to_json
from model.tables.text_table import Record, TextTable


class JsonLinesTable(TextTable):
    """Objects, one in each line, which get their labels under further keys."""

    def render(self, record: str, prediction: Prediction) -> str:
        """Return an object with its labels behind its own keys, which stay as they are."""
        values = to_json(self._layout.fields(prediction))
        return f"{record.strip()[:-1].rstrip()}, {values[1:]}\n"

    def _records(self) -> Iterator[Record]:
        return map(self._record, json_rows(self._lines))

    def _record(self, row: JsonRow) -> Record:
        if row.problem:
            return Record(row.line, row.text, problem=row.problem)
        fields = row.fields
        if clashing := [name for name in self._layout.added if name in fields]:
            problem = f"has {' and '.join(clashing)} already"
            return Record(row.line, row.text, problem=problem)
        utterance: Any = fields.get(self._key(list(fields)))
        return Record(row.line, row.text, utterance, self._layout.problem(utterance))

    def _key(self, keys: list[str]) -> str:
        column = self._layout.column
        if column in keys or column != TEXT:
            return column
        usual = usual_column(keys, TEXT)
        return column if usual is None else keys[usual]
