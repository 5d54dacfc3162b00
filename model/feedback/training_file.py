"""Add labelled utterances to a file of training data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from model.atomic_files import mode_of, write_atomically
from model.datasets.dataset import normalised
from model.datasets.readers import read_examples, read_text
from model.datasets.records import Utterance, head_of, parse
from model.errors import DataError, Problem

SUFFIXES = (".csv", ".tsv", ".jsonl")


@dataclass(frozen=True, slots=True)
class Additions:
    """Result of adding utterances to a file.

    Attributes:
        added: texts and intents that are new.
        known: number of texts that the file already has with the same intent.
        conflicts: texts that the file has with another intent, which it keeps.
    """

    added: tuple[Utterance, ...]
    known: int
    conflicts: tuple[Problem, ...]


def add(path: Path, labelled: Mapping[str, str]) -> Additions:
    """Add new utterances in the file's own columns; write the file atomically.

    Texts are stored unchanged, also those that a spreadsheet program would run as a formula: the
    file is training data.

    Args:
        path: CSV, TSV or JSONL file; created if it does not exist.
        labelled: the intent of each text; without any, the file is only checked.

    Raises:
        DataError: the file has another format, or can't be read or edited.
        OSError: the file can't be written.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise DataError.at(path, f"is none of {', '.join(SUFFIXES)}")
    if not path.parent.is_dir():
        raise DataError.at(path.parent, "is no folder")
    existing = read_examples(path) if path.exists() else []
    present = {normalised(each.text): each for each in existing}
    added, known, conflicts = [], 0, []
    for text, intent in labelled.items():
        example = present.get(normalised(text))
        if example is None:
            added.append(Utterance(text, intent))
        elif example.intent == intent:
            known += 1
        else:
            conflicts.append(example.problem(f"labelled {example.intent}, not {intent}; kept"))
    content = _extended(path, added)
    if added:
        write_atomically(path.resolve(), content, mode_of(path))
    return Additions(tuple(added), known, tuple(conflicts))


def _extended(path: Path, added: Sequence[Utterance]) -> bytes:
    content = read_text(path).encode() if path.exists() else head_of(path)
    form, _ = parse(path, content)
    if content and not content.endswith(b"\n"):
        content += b"\n"
    return content + b"".join(map(form.created, added))
