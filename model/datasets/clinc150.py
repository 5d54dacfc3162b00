"""Read the JSON form of CLINC150 (Larson et al. 2019): all splits in one file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from model.datasets.readers import Example, is_filled, read_text
from model.errors import DataError, Problem

# What each of our parts is put together from. The validation split is left alone: settings are
# chosen by cross-validation.
PARTS: Mapping[str, tuple[str, ...]] = {
    "train": ("train",),
    "test": ("test",),
    "out_of_scope_validation": ("oos_train", "oos_val"),
    "out_of_scope_test": ("oos_test",),
}


def read_clinc(path: Path) -> dict[str, list[Example]]:
    """Read a file of lists of pairs, text and intent; an example's line is its number in its list.

    Raises:
        DataError: not JSON, no split ``train``, or entries that are no such pairs.
    """
    try:
        splits = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise DataError([Problem(path, 0, "is not JSON")]) from error
    if not isinstance(splits, dict) or "train" not in splits:
        raise DataError([Problem(path, 0, "holds no list 'train' as CLINC150's files do")])
    return {
        part: [example for name in names for example in _examples(splits.get(name, []), name, path)]
        for part, names in PARTS.items()
    }


def _examples(entries: object, name: str, path: Path) -> list[Example]:
    if not isinstance(entries, list):
        raise DataError([Problem(path, 0, f"'{name}' is no list")])
    numbered = list(enumerate(entries, start=1))
    problems = [
        Problem(path, 0, f"entry {number} of '{name}' is no pair of a text and an intent")
        for number, entry in numbered
        if not _is_pair(entry)
    ]
    if problems:
        raise DataError(problems)
    return [
        Example(text.strip(), intent.strip(), path, number) for number, (text, intent) in numbered
    ]


def _is_pair(entry: object) -> bool:
    return isinstance(entry, list) and len(entry) == 2 and all(map(is_filled, entry))  # noqa: PLR2004
