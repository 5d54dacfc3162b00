from __future__ import annotations

import signal
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from model.datasets import large_table
from model.datasets.collector import as_left_out
from model.datasets.documents.document import Document, ReadOptions
from model.datasets.entry import UNREADABLE
from model.datasets.formats.table_columns import Columns
from model.datasets.large_table import Task, can_be_cut, count_block, survey_table
from model.datasets.survey import Survey
from model.tables.delimited_rows import WRONG_WIDTH
from model.tables.header import HeaderRules

PATH = Path("data.csv")
TASK = Task(PATH, b"text,intent\n", ",", 2, Columns(0, 1), HeaderRules(("text",), has_header=True))


def test_clean_block_is_counted():
    """Rows, intents and lines are counted, quoted line breaks included."""
    result = count_block(TASK, b'hi,a\n"two\nlines",b\n\nhi,a\n')

    assert (result.batch.rows, result.lines, result.problems.kept) == (3, 5, [])
    assert result.batch.intents == {"a": 2, "b": 1}
    assert result.batch.hashes.places.tolist() == [1, 2, 5]
    assert len(set(result.batch.hashes.texts.tolist())) == 2


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
def test_rows_of_one_line_have_its_number(end):
    """The last line may end in any way, with blank lines before it."""
    result = count_block(TASK, b"hi,a\r\n\r\nyou,b" + end)

    assert result.batch.hashes.places.tolist() == [1, 3]


def test_large_hashes_are_left_out():
    """The rows are counted all the same."""
    result = count_block(TASK, b"hi,a\nyou,b\n", limit=0)

    assert (result.batch.rows, len(result.batch.hashes.texts)) == (2, 0)


def test_labels_get_their_intents():
    """Numbers have names, and out-of-scope labels one intent, in clean blocks as in others."""
    task = replace(TASK, names={"1": "Greet"}, out_of_scope=("none",))
    clean, other = count_block(task, b"hi,1\nx,None\n"), count_block(task, b"hi,1\nx,None\n,1\n")

    assert clean.batch.intents == other.batch.intents == {"Greet": 1, "out_of_scope": 1}
    assert len(other.problems.kept) == 1


@pytest.mark.parametrize("row", [b"text,intent", b'"hi, you", "a"'])
def test_rows_that_need_a_second_look_are_no_problem(row):
    """A repeated header is no utterance; quotes may stand behind a space."""
    result = count_block(TASK, b"hi,a\n" + row + b"\nbye,a\n")

    assert set(result.batch.intents) == {"a"}
    assert result.problems.kept == []


@pytest.mark.parametrize(
    ("row", "message"),
    [
        pytest.param(b"a,b,c", "has 3 cells, not 2: a,b,c", id="width"),
        pytest.param(b" ,a", "no text", id="no-text"),
        pytest.param(b"hi,", "no intent", id="no-intent"),
        pytest.param(b'"a" b,c', "is not well-formed", id="quotes"),
        pytest.param(b"\xff,a", "is not UTF-8", id="encoding"),
        pytest.param(b"hi,a\x01b", "the intent 'a\\x01b' holds a control character", id="label"),
    ],
)
def test_problem_of_a_block_is_named(row, message):
    """Only a block with a problem is read row by row; lines count within it."""
    result = count_block(TASK, b"hi,a\n" + row + b"\n ,\nhi, a \n")

    [problem] = result.problems.kept
    assert (problem.line, problem.message) == (2, message)
    assert result.batch.intents == {"a": 2}


def test_survey_reports_its_progress(tmp_path):
    """The bytes of all blocks are reported."""
    path = tmp_path / "data.csv"
    path.write_bytes(b"text,intent\n" + b"hi,a\n" * 10 + b"last,b")
    sizes: list[int] = []
    survey = Survey()

    survey_table(survey, Document(path), sizes.append)

    assert survey.rows == 11
    assert sum(sizes) == path.stat().st_size - len(b"text,intent\n")


def test_quote_that_never_closes_does_not_collect_the_file(monkeypatch):
    """Blocks end with a row, or with a line where a quote stays open for too long."""
    monkeypatch.setattr(large_table, "BLOCK_BYTES", 16)
    monkeypatch.setattr(large_table, "MAX_RECORD", 16)
    content = b'a,x\n"b\nc",x\nd,y\n"e,z\n' + b"f,z\n" * 20

    blocks = list(large_table._blocks(BytesIO(content)))

    assert b"".join(blocks) == content
    assert blocks[0] == b'a,x\n"b\nc",x\nd,y\n'
    assert max(map(len, blocks)) < 60


def test_block_does_not_end_within_a_quoted_cell(monkeypatch):
    """Its line breaks end no row."""
    monkeypatch.setattr(large_table, "BLOCK_BYTES", 16)

    first, *_ = large_table._blocks(BytesIO(b'a,x\n"b\nc\nd\nefgh",x\ni,x\n'))

    assert first == b"a,x\n"


def test_many_problems_are_counted(tmp_path, monkeypatch):
    """A block sends the first ones of each kind, and their number."""
    monkeypatch.setattr(large_table, "BLOCK_BYTES", 300)
    path = tmp_path / "data.csv"
    path.write_bytes(b"text,intent\n" + b"x\n" * 1000 + b",a\n")
    survey, lenient = Survey(), Survey(ReadOptions(leave_out_unreadable=True))

    for each in (survey, lenient):
        survey_table(each, Document(path), lambda _count: None)

    assert survey.problems.counts == {WRONG_WIDTH: 1000, UNREADABLE: 1}
    assert [problem.line for problem in survey.problems.kept] == [*range(2, 22), 1002]
    assert lenient.notes.counts == {as_left_out(WRONG_WIDTH): 1000, as_left_out(UNREADABLE): 1}
    assert not lenient.problems.counts


def test_table_without_header_is_counted_whole(tmp_path):
    """Its first row counts, and so does the first row of a block that is read row by row."""
    path = tmp_path / "data.csv"
    path.write_bytes(b"0,hi,a\n1,you,b\n2,hey,a\n" + b"x\n")
    survey = Survey()
    options = ReadOptions(text_column="2", intent_column="3")

    survey_table(survey, Document(path, options), lambda _count: None)

    assert survey.intents == {"a": 2, "b": 1}
    assert [problem.line for problem in survey.problems.kept] == [4]


def test_table_in_an_archive_can_not_be_cut(tmp_path):
    """Its rows are read one by one."""
    path = tmp_path / "a.zip" / "data.csv"

    assert not can_be_cut(Document(path, archived={path: b"text,intent\n"}))


def test_processes_leave_signals_to_their_parent(monkeypatch):
    """A terminal sends them to all processes; only the parent ends the command."""
    ignored = []
    monkeypatch.setattr("signal.signal", lambda number, handler: ignored.append((number, handler)))

    large_table._ignore_signals()

    assert (signal.SIGINT, signal.SIG_IGN) in ignored
    assert (signal.SIGTERM, signal.SIG_IGN) in ignored


def test_table_with_parts_and_without_a_header_is_not_cut(tmp_path):
    """The part of each row would be lost."""
    path = tmp_path / "data.csv"
    path.write_text("TRAIN,hi,greet\nTEST,bye,leave\nTRAIN,yo,greet\n")
    options = ReadOptions(text_column="2", intent_column="3")

    assert not can_be_cut(Document(path, options))
