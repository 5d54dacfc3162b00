"""Read training data in any of the known formats."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from model.datasets.collector import Collector
from model.datasets.documents.document import Document, ReadOptions
from model.datasets.entry import DESCRIPTION, Example
from model.datasets.reading.recognition import entries_of
from model.datasets.reading.selection import select
from model.errors import DataError, Problem

__all__ = ["COLUMNS", "Example", "ReadOptions", "read", "read_examples", "read_text"]

COLUMNS = ("text", "intent")


@dataclass(frozen=True, slots=True)
class Reading:
    """The content of a file, a folder or an archive.

    Attributes:
        formats: the titles of the formats that were found.
        examples: the utterances, in the order of the files.
        problems: entries that can't be read.
        notes: guesses, and entries that were left out.
        descriptions: the descriptions of intents.
    """

    formats: tuple[str, ...]
    examples: tuple[Example, ...]
    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...]
    descriptions: tuple[Example, ...] = ()


def read(path: Path, options: ReadOptions = ReadOptions()) -> Reading:
    """Read a file, a folder or an archive.

    Args:
        path: data in a known format; of several files, each that is recognised is read.
        options: how to read it.

    Raises:
        DataError: nothing is readable as a whole.
    """
    found = select(path, options)
    examples: list[Example] = []
    problems, notes = list(found.problems), list(found.notes)
    collector = Collector(options, examples.append, problems.append, notes.append)
    for each in found.readable:
        for entry in entries_of(each):
            collector.add(entry)
    formats = dict.fromkeys(each.format.title for each in found.readable)
    notes += collector.left_out()
    utterances = tuple(each for each in examples if each.part != DESCRIPTION)
    descriptions = tuple(each for each in examples if each.part == DESCRIPTION)
    return Reading(tuple(formats), utterances, tuple(problems), tuple(notes), descriptions)


def read_examples(path: Path, options: ReadOptions = ReadOptions()) -> list[Example]:
    """Return the utterances of a file, in its order, without notes.

    Raises:
        DataError: it can't be read, holds no utterances, or has entries that can't be read; every
            problem is named.
    """
    reading = read(path, options)
    problems = reading.problems
    if not reading.examples and not problems:
        problems = (Problem(path, 0, "holds no utterances"),)
    if problems:
        raise DataError(problems, reading.notes)
    return list(reading.examples)


def read_text(path: Path) -> str:
    """Return a file's text, in UTF-8 or another known encoding.

    Raises:
        DataError: it can't be read, or mixes encodings.
    """
    return Document(path).text
