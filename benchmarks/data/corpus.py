"""The utterances: CLINC150 where it lies beside the project, the shipped data otherwise."""

from __future__ import annotations

import csv
import random
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.paths import ROOT, WORK
from model.datasets.dataset import normalised

CLINC150 = ROOT.parent / "shared" / "data" / "clinc150"
SHIPPED = ROOT / "model" / "data"
# As the training command calls them, and as the public data set does.
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
        """All of its tables."""
        return sorted(self.folder.glob("*.csv"))

    def read(self, part: str) -> list[Utterance]:
        """Read ``train`` or ``test`` in a random order, always the same one."""
        utterances = _read(self.folder / f"{part}.csv")
        random.Random(0).shuffle(utterances)  # noqa: S311 - no secret
        return utterances


def prepare_corpus() -> Corpus:
    """Find the data, and lay it out for the training command."""
    if not CLINC150.is_dir():
        return Corpus("shipped", SHIPPED)
    folder = WORK / "data" / "clinc150"
    shutil.rmtree(folder, ignore_errors=True)  # what another version laid out there, too
    folder.mkdir(parents=True)
    for name, source in CLINC150_FILES.items():
        shutil.copyfile(CLINC150 / source, folder / name)
    # The training command refuses texts that train and test label differently; there are two.
    tested = {normalised(utterance.text) for utterance in _read(folder / "test.csv")}
    utterances = _read(CLINC150 / "train.csv")
    fresh = [each for each in utterances if normalised(each.text) not in tested]
    _write(folder / "train.csv", fresh)
    return Corpus("CLINC150", folder)


def _read(path: Path) -> list[Utterance]:
    with path.open(encoding="utf-8", newline="") as file:
        return [Utterance(row["text"], row["intent"]) for row in csv.DictReader(file)]


def _write(path: Path, utterances: Iterable[Utterance]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows((each.text, each.intent) for each in utterances)
