"""List the files of a folder or of an archive, and the parts of a data set that they name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path

from model.datasets.documents.archives import is_listed, unpack, without_compression
from model.datasets.documents.document import Document, ReadOptions
from model.datasets.entry import TRAIN, Entry, Example
from model.errors import DataError
from model.tables.opening import SPREADSHEETS

TEST, VALIDATION = "test", "validation"
OUT_OF_SCOPE_VALIDATION, OUT_OF_SCOPE_TEST = "out_of_scope_validation", "out_of_scope_test"
PARTS = (TRAIN, TEST, OUT_OF_SCOPE_VALIDATION, OUT_OF_SCOPE_TEST)
# Not read beside training texts: settings are chosen by cross-validation.
_VALIDATION_NAMES = ("val", "valid", VALIDATION, "validate", "dev", "eval", "evaluation")
_OTHER_NAMES = {
    **dict.fromkeys(("training", "trainset"), TRAIN),
    **dict.fromkeys(("testing", "testset", "holdout", "heldout"), TEST),
    **dict.fromkeys((*_VALIDATION_NAMES, "devset", "valset"), VALIDATION),
}
# As CLINC150 and others call them; all but the test is learnt from.
_OUT_OF_SCOPE = re.compile(
    rf"(?:out[_-]of[_-]scope|oos|ood)(?:[_-](?:(?P<test>test)|train|{'|'.join(_VALIDATION_NAMES)}))?"
)
_WORD = re.compile(r"[^\W\d_]+")
# As Hugging Face names the files of a split: train-00000-of-00002.parquet, with a hash or without.
_SHARD = re.compile(r"-\d{5}-of-\d{5}(-[0-9a-f]+)?$")
_NO_LETTERS = re.compile(r"[\W\d_]+")


def part_of(name: Path) -> str | None:
    """Return the part of a data set that the name of a file or of a folder is; None for others.

    ``VALIDATION`` stands for all names of validation texts.
    """
    names = (_SHARD.sub("", without_compression(name).stem), *(each.name for each in name.parents))
    return next(filter(None, map(part_named, names)), None)


def part_named(name: str) -> str | None:
    """Return the part of a data set that a name is, in any case; None for others."""
    name = name.casefold()
    if name in PARTS:
        return name
    if found := _OUT_OF_SCOPE.fullmatch(name):
        return f"out_of_scope_{TEST if found['test'] else VALIDATION}"
    return _OTHER_NAMES.get(name)


def parts_of_pairs(names: Iterable[Path]) -> dict[Path, str]:
    """Return the parts that words of names are, as of ``x_train.csv`` and ``x_test.csv``.

    In a folder with two such files, or folders, which differ in that word and in numbers alone, all
    with ``train`` are of it. ``x_test.csv`` is also the test of an ``x.csv``.
    """
    found: list[tuple[Path, str, tuple[Path, str]]] = []
    parts_of: dict[tuple[Path, str], set[str]] = {}
    unmarked: set[tuple[Path, str]] = set()
    for name in names:
        stem = without_compression(name).stem.casefold()
        words = _words_of_parts(stem)
        for rest_of_stem, part in words:
            rest = (name.parent, _letters(rest_of_stem))
            found.append((name, part, rest))
            parts_of.setdefault(rest, set()).add(part)
        if not words:
            unmarked.add((name.parent, _letters(stem)))
    pairs = {rest for rest, parts in parts_of.items() if {TRAIN} < parts}
    folders = {folder for folder, _ in pairs}
    return {
        name: part
        for name, part, rest in found
        if rest in pairs or (name.parent in folders if part == TRAIN else rest in unmarked)
    }


def _words_of_parts(stem: str) -> list[tuple[str, str]]:
    """Return the rest of a name and the part, for each word that names one, as of traindata."""
    found = []
    for word in _WORD.finditer(stem):
        named = word[0].removesuffix("data")
        if part := part_named(named):
            found.append((stem[: word.start()] + stem[word.start() + len(named) :], part))
    return found


def _letters(name: str) -> str:
    return _NO_LETTERS.sub("", name)


def parts_by_name(names: Collection[Path]) -> dict[Path, str | None]:
    """Return the parts that paths below a folder are: by names, or by words of paired names."""
    files, folders = parts_of_pairs(names), parts_of_pairs({name.parent for name in names})
    return {name: part_of(name) or files.get(name) or folders.get(name.parent) for name in names}


def part_within(file_part: str, own_part: str) -> str:
    """Return the part of an utterance by that of its file and its own one, as of a column.

    In a file of training texts, the utterance's own part counts. In a file of out-of-scope texts to
    learn from, a text of a test is one of the out-of-scope test. All else is of the file's part.
    """
    if file_part == TRAIN:
        return own_part
    is_test = own_part in {TEST, OUT_OF_SCOPE_TEST}
    return OUT_OF_SCOPE_TEST if is_test and file_part == OUT_OF_SCOPE_VALIDATION else file_part


def entry_within(part: str, entry: Entry) -> Entry:
    """Return an entry with its part, by that of its file, sheet or list."""
    if part == TRAIN or not isinstance(entry, Example):
        return entry
    return replace(entry, part=part_within(part, entry.part))


def listed_below(folder: Path) -> list[Path]:
    """Return the files of a folder, and of those in it, that are read, or named as left out."""
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    return [file for file in files if is_listed(file.relative_to(folder))]


def documents_of(path: Path, options: ReadOptions) -> tuple[list[Document], bool]:
    """Return the files of a path, and whether it is a folder or an archive.

    Files of other suffixes than those of data and archives, and hidden ones, are not listed.

    Raises:
        DataError: the path does not exist, or is a broken archive.
    """
    if not path.exists():
        raise DataError.at(path, "does not exist")
    if not path.is_dir() and not path.is_file():
        # Reading a named pipe would wait for a writer, for good.
        raise DataError.at(path, "is neither a file nor a folder")
    if path.is_dir():
        return [Document(file, options) for file in listed_below(path)], True
    document = Document(path, options)
    is_spreadsheet = document.suffix.removeprefix(".") in SPREADSHEETS
    members = None if is_spreadsheet else unpack(path, document.head)
    if members is None:
        return [document], False
    listed = (name for name in sorted(members) if is_listed(name.relative_to(path)))
    return [Document(name, options, members) for name in listed], True
