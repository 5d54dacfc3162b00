"""Folders of slot filling."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from model.datasets.readers import ReadOptions, read
from model.errors import DataError


def write_part(folder: Path, texts: str = "hi there\nbye\n", intents: str = "a\nb\n") -> Path:
    folder.mkdir()
    (folder / "seq.in").write_text(texts)
    (folder / "label").write_text(intents)
    (folder / "seq.out").write_text("O O\nO\n")
    return folder / "seq.in"


@pytest.mark.parametrize("is_archive", [False, True])
def test_folders_are_parts(tmp_path, *, is_archive):
    """A line of one file is labelled by that of the other; validation texts are left out."""
    folder = tmp_path / "atis"
    folder.mkdir()
    for part in ("train", "valid", "test"):
        write_part(folder / part)
    path = Path(shutil.make_archive(str(folder), "zip", folder)) if is_archive else folder

    reading = read(path)

    assert reading.formats == ("slot filling (seq.in, label)",)
    assert {(each.text, each.intent, each.line, each.part) for each in reading.examples} == {
        *(("hi there", "a", 1, part) for part in ("train", "test")),
        *(("bye", "b", 2, part) for part in ("train", "test")),
    }
    assert [note.message for note in reading.notes] == [
        "left out beside training texts: valid/seq.in",
        "read as test: test/seq.in",
    ]


@pytest.mark.parametrize(
    ("texts", "intents", "problem"),
    [
        ("hi\n\nbye\n", "a\na\nb\n", "seq.in:2: no text"),
        ("hi\nbye\n", "a\n", "seq.in:2: no intent"),
        ("hi\n", "a\nb\n", "seq.in:2: no text"),
    ],
)
def test_line_without_its_other_half_is_a_problem(tmp_path, texts, intents, problem):
    """Nothing is left out silently."""
    path = write_part(tmp_path / "train", texts, intents)

    assert [str(each) for each in read(path).problems] == [f"{path.parent}/{problem}"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_blank_lines_of_both_are_skipped(tmp_path, end):
    """They hold nothing."""
    texts, intents = (end.join(lines) for lines in (["hi", "", "bye", " "], ["a", "", "b"]))
    reading = read(write_part(tmp_path / "train", texts, intents))

    assert (len(reading.examples), reading.problems) == (2, ())


def test_texts_without_intents_are_not_recognised(tmp_path):
    """Without the other file, it is any text."""
    path = write_part(tmp_path / "train")
    path.with_name("label").unlink()

    with pytest.raises(DataError, match="is in no format that is recognised"):
        read(path)
    [problem] = read(path, ReadOptions(format="slot-filling")).problems
    assert problem.message == "is no file seq.in with a file label beside it"
