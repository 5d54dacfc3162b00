"""The files of a data set that the desk edits together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from model.datasets.contrast import FOLDER, TRAINING_FOLDER
from model.datasets.descriptions import read_descriptions
from model.datasets.documents.document import ReadOptions
from model.datasets.entry import DESCRIPTIONS, TRAIN
from model.datasets.parts import files_of
from model.desk.corpus import Corpus, Edits
from model.desk.errors import ChangedOutsideError
from model.errors import DataError
from model.inference.prediction import OUT_OF_SCOPE

OUT_OF_SCOPE_PART = f"{OUT_OF_SCOPE}_validation"
# Of the file of descriptions, the desk edits the names of intents only.
NAMES = ReadOptions(text_column="intent", intent_column="intent")


@dataclass(frozen=True, slots=True)
class Change:
    """Edits of one file."""

    corpus: Corpus
    edits: Edits


class DataFiles:
    """The training file, and the files beside it that have to fit.

    Attributes:
        data: the file or folder that training reads.
        train: the training file.
        out_of_scope: the file of out-of-scope texts; None where training reads the training file
            alone, which then holds them as utterances of the intent ``out_of_scope``.
        tests: files of tests and contrast texts, whose intents must be those of the training file.
        descriptions: the file that describes the intents; its texts are their names.
    """

    def __init__(self, data: Path) -> None:
        """Read the files of a data set: one file, or a folder with a file ``train``.

        Raises:
            DataError: the training file is missing or can't be edited.
        """
        self.data = data
        parts = {part: file for file, part in files_of(data).items()} if data.is_dir() else {}
        path = parts.get(TRAIN) if data.is_dir() else data
        if path is None or not path.is_file():
            convert = f"python -m model.datasets convert {data} train.csv"
            remedy = f"holds no file train; {convert} makes one of a bot or an export"
            raise DataError.at(data, remedy if data.is_dir() else "does not exist")
        self.train = Corpus(path)
        self.out_of_scope: Corpus | None = None
        self.tests: tuple[Corpus, ...] = ()
        self.descriptions: Corpus | None = None
        if data.is_dir():
            self.descriptions = next(_editable([data / DESCRIPTIONS], NAMES), None)
            beside = path.with_stem(OUT_OF_SCOPE_PART)
            self.out_of_scope = Corpus(parts.get(OUT_OF_SCOPE_PART, beside))
            folders = (data / FOLDER, data / TRAINING_FOLDER)
            contrast = [file for folder in folders for file in sorted(folder.glob("*"))]
            self.tests = tuple(
                _editable([parts["test"], *contrast] if "test" in parts else contrast)
            )

    @property
    def has_changed_outside(self) -> bool:
        """Return whether another program has written one of the files."""
        return any(each.has_changed_outside for each in self._all())

    def left_over(self) -> dict[str, list[str]]:
        """Return the intents without utterances, and the files that name them all the same.

        Training refuses such files.
        """
        found = defaultdict[str, list[str]](list)
        for corpus in self.beside:
            for intent in corpus.counts:
                if intent != OUT_OF_SCOPE and not self.train.count(intent):
                    found[intent].append(corpus.path.name)
        return dict(found)

    @property
    def beside(self) -> list[Corpus]:
        """The files whose intents must be those of the training file."""
        return [*self.tests, *([self.descriptions] if self.descriptions else [])]

    def describe(self) -> dict[str, str]:
        """Return the descriptions of intents; training names the problems of the file."""
        try:
            found = read_descriptions(self.data / DESCRIPTIONS, self.train.counts)
        except DataError:
            return {}
        return {intent: each.description for intent, each in found.items()}

    def holds_text(self, text: str) -> bool:
        """Return whether a text is a training utterance or a known out-of-scope text."""
        outside = self.out_of_scope.utterances_of(text) if self.out_of_scope else []
        return bool(self.train.utterances_of(text) or outside)

    def apply(self, changes: Sequence[Change]) -> list[Change]:
        """Write changes to all files or to none, and return those that undo them.

        Raises:
            ChangedOutsideError: another program has changed one of the files.
            OSError: a file can't be written.
        """
        undoing: list[Change] = []
        try:
            for change in changes:
                undoing.insert(0, Change(change.corpus, change.corpus.apply(change.edits)))
        except (OSError, ChangedOutsideError):
            for change in undoing:
                change.corpus.apply(change.edits)
            raise
        return undoing

    def _all(self) -> list[Corpus]:
        return [self.train, *self.beside, *([self.out_of_scope] if self.out_of_scope else [])]


def _editable(paths: Iterable[Path], options: ReadOptions = ReadOptions()) -> Iterator[Corpus]:
    """Return the files that exist and can be edited; training names the problems of others."""
    for path in filter(Path.is_file, paths):
        try:
            yield Corpus(path, options)
        except DataError:
            continue
