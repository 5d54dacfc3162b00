"""The interface of a format."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from model.datasets.documents.document import Document
from model.datasets.entry import Entry


@dataclass(frozen=True, slots=True)
class Format:
    """A format of training data.

    Attributes:
        name: for ``--format``.
        title: for people.
        recognises: returns whether a file is of this format, by its content.
        read: returns the entries of a file, and raises DataError if it is unusable as a whole.
    """

    name: str
    title: str
    recognises: Callable[[Document], bool]
    read: Callable[[Document], Iterator[Entry]]
