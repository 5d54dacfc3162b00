"""Write utterances in the formats that can be written: CSV, TSV, JSONL, Parquet, Rasa YAML."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import chain, groupby
from pathlib import Path
from typing import IO

from model.datasets.entry import Example
from model.datasets.formats.rasa.markup import without_entities
from model.errors import DataError
from model.tables.dialect import cell_quoter
from model.tables.optional import PARQUET, required

COLUMNS = ("text", "intent")
Write = Callable[[Path, Iterable[Example]], None]


def write_examples(path: Path, examples: Iterable[Example]) -> None:
    """Write a file in the format of its name; it appears when it is complete.

    Raises:
        DataError: the name is that of no format that can be written, or the format can't hold a
            text.
        OSError: it can't be written.
    """
    write = writer_of(path)
    part = path.with_name(f".{path.name}.part")
    try:
        write(part, examples)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def writer_of(path: Path) -> Write:
    """Return the writer for a file's name.

    Raises:
        DataError: there is none.
    """
    try:
        return WRITERS[path.suffix.lower()]
    except KeyError as error:
        kinds = ", ".join(WRITERS)
        raise DataError.at(path, f"can't be written: is none of {kinds}") from error


def _open(path: Path) -> IO[str]:
    return path.open("w", encoding="utf-8", newline="")


def _write_delimited(path: Path, examples: Iterable[Example], delimiter: str) -> None:
    rows = ((each.text, each.intent) for each in examples)
    quoted = cell_quoter(delimiter)
    with _open(path) as file:
        for row in chain([COLUMNS], rows):
            file.write(delimiter.join(map(quoted, row)) + "\n")


def _write_jsonl(path: Path, examples: Iterable[Example]) -> None:
    with _open(path) as file:
        for each in examples:
            fields = {"text": each.text, "intent": each.intent}
            file.write(json.dumps(fields, ensure_ascii=False) + "\n")


def _write_rasa(path: Path, examples: Iterable[Example]) -> None:
    """Write runs of one intent as entries; JSON's strings are YAML's double-quoted ones."""
    with _open(path) as file:
        file.write('version: "3.1"\nnlu:\n')
        for intent, group in groupby(examples, lambda each: each.intent):
            file.write(f"- intent: {_quoted(intent)}\n  examples:\n")
            for each in group:
                file.write(f"  - text: {_quoted(_escaped(each, path))}\n")


def _quoted(text: str) -> str:
    # YAML has JSON's escapes, but neither surrogate pairs nor raw control characters.
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(each if each.isprintable() else f"\\U{ord(each):08x}" for each in quoted)


def _escaped(example: Example, path: Path) -> str:
    if without_entities(example.text.strip().removeprefix("- ")) != example.text:
        raise DataError.at(path, f"Rasa would read this text as markup: {example.text}")
    return example.text


def _write_parquet(path: Path, examples: Iterable[Example]) -> None:
    with required(path, PARQUET):
        import pyarrow as pa  # noqa: PLC0415 - an optional dependency
        from pyarrow import parquet  # noqa: PLC0415
    rows = [(each.text, each.intent) for each in examples]
    columns = zip(*rows, strict=True) if rows else ((), ())
    arrays = [pa.array(column, pa.string()) for column in columns]
    parquet.write_table(pa.table(arrays, names=list(COLUMNS)), path)


WRITERS: Mapping[str, Write] = {
    ".csv": partial(_write_delimited, delimiter=","),
    ".tsv": partial(_write_delimited, delimiter="\t"),
    ".jsonl": _write_jsonl,
    ".parquet": _write_parquet,
    ".yml": _write_rasa,
    ".yaml": _write_rasa,
}
