"""The utterances: CLINC150 if it is next to the project, otherwise the shipped data."""

from __future__ import annotations

import csv
import random
import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.system.paths import ROOT, WORK
from model.datasets.dataset import normalised
from model.inference.prediction import OUT_OF_SCOPE

CLINC150 = ROOT.parent / "shared" / "data" / "clinc150"
SHIPPED = ROOT / "model" / "data"
# The label of out-of-scope texts in the training command and in CLINC150.
CLINC150_FILES = {
    "test.csv": "test.csv",
    "out_of_scope_test.csv": "oos_test.csv",
}
COLUMNS = ("text", "intent")


@dataclass(frozen=True, slots=True)
class Utterance:
    """A text with its true intent."""

    text: str
    intent: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """A folder with the files that the training command reads."""

    name: str
    folder: Path

    @property
    def files(self) -> list[Path]:
        """Return the paths of all its tables."""
        return sorted(self.folder.glob("*.csv"))

    def read(self, part: str) -> list[Utterance]:
        """Return ``train`` or ``test`` in a random order, which is the same in each run."""
        utterances = read_utterances(self.folder / f"{part}.csv")
        random.Random(0).shuffle(utterances)  # noqa: S311 - no secret
        return utterances


def prepare_corpus() -> Corpus:
    """Find the data, and write it as the training command reads it."""
    if not CLINC150.is_dir():
        return Corpus("shipped", SHIPPED)
    folder = WORK / "data" / "clinc150"
    shutil.rmtree(folder, ignore_errors=True)  # including files of an earlier version
    folder.mkdir(parents=True)
    for name, source in CLINC150_FILES.items():
        shutil.copyfile(CLINC150 / source, folder / name)
    # The training command rejects texts that train and test label differently; there are two.
    tested = {normalised(utterance.text) for utterance in read_utterances(folder / "test.csv")}
    utterances = read_utterances(CLINC150 / "train.csv")
    fresh = [each for each in utterances if normalised(each.text) not in tested]
    write_utterances(folder / "train.csv", fresh)
    return Corpus("CLINC150", folder)


def out_of_scope(part: str) -> list[Utterance]:
    """Return the out-of-scope texts of CLINC150: those of ``train``, ``val`` or ``test``."""
    texts = read_utterances(CLINC150 / f"oos_{part}.csv")
    return [Utterance(each.text, OUT_OF_SCOPE) for each in texts]


def split_intents(
    utterances: Iterable[Utterance], count: int
) -> tuple[list[Utterance], list[Utterance]]:
    """Return the first utterances of each intent, ``count`` of each, and the others."""
    seen = Counter[str]()
    first: list[Utterance] = []
    others: list[Utterance] = []
    for utterance in utterances:
        seen[utterance.intent] += 1
        (first if seen[utterance.intent] <= count else others).append(utterance)
    return first, others


def read_utterances(path: Path) -> list[Utterance]:
    """Return the texts of a table with their intents."""
    with path.open(encoding="utf-8", newline="") as file:
        return [Utterance(row["text"], row["intent"]) for row in csv.DictReader(file)]


def write_utterances(path: Path, utterances: Iterable[Utterance]) -> None:
    """Write texts with their intents as a table."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows((each.text, each.intent) for each in utterances)
