from __future__ import annotations

from pathlib import Path

import pytest

from model.datasets import readers
from model.datasets.readers import Example, read_examples
from model.errors import DataError


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(name: str, content: str, encoding: str = "utf-8") -> Path:
    path = Path(name)
    path.write_bytes(content.encode(encoding))
    return path


def read(path: Path) -> list[tuple[str, str, int]]:
    return [(example.text, example.intent, example.line) for example in read_examples(path)]


def error_of(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        read_examples(path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("data.csv", "text,intent\nhi,greeting\nbye,goodbye\n", id="csv"),
        pytest.param("data.tsv", "text\tintent\nhi\tgreeting\nbye\tgoodbye\n", id="tsv"),
        pytest.param("DATA.CSV", "text,intent\nhi,greeting\nbye,goodbye\n", id="upper-case-suffix"),
        pytest.param("data.csv", "text,intent\r\nhi,greeting\r\nbye,goodbye\r\n", id="crlf"),
        pytest.param("data.csv", "text,intent\rhi,greeting\rbye,goodbye\r", id="cr"),
        pytest.param("data.csv", "text,intent\nhi,greeting\nbye,goodbye", id="no-last-newline"),
        pytest.param(
            "data.csv", "id,intent,text\n1,greeting,hi\n2,goodbye,bye\n", id="other-columns"
        ),
        pytest.param(
            "data.csv", " text , intent\n hi , greeting\n bye ,goodbye \n", id="spaces-around"
        ),
    ],
)
def test_table_is_read_in_order(name, content):
    """A CSV or TSV file gives the example of each row under its header."""
    path = write(name, content)

    assert read_examples(path) == [
        Example("hi", "greeting", path, 2),
        Example("bye", "goodbye", path, 3),
    ]


def test_jsonl_is_read_in_order():
    """A JSONL file gives the example of each line, counted from 1, without other keys."""
    path = write(
        "data.jsonl",
        '{"text": " hi ", "intent": "greeting", "id": 1}\r\n{"intent": "goodbye", "text": "bye"}',
    )

    assert read_examples(path) == [
        Example("hi", "greeting", path, 1),
        Example("bye", "goodbye", path, 2),
    ]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        pytest.param(
            "data.csv",
            'text,intent\n"two\nlines",a\n\n"say ""hi"", now",b\nlast,c\n',
            [("two\nlines", "a", 2), ('say "hi", now', "b", 5), ("last", "c", 6)],
            id="csv",
        ),
        pytest.param(
            "data.csv",
            'text,intent\r\n"two\r\nlines",a\r\nlast,c\r\n',
            [("two\r\nlines", "a", 2), ("last", "c", 4)],
            id="csv-crlf",
        ),
        pytest.param(
            "data.tsv",
            'text\tintent\n"two\nlines"\ta\nwith, comma\tb\n',
            [("two\nlines", "a", 2), ("with, comma", "b", 4)],
            id="tsv",
        ),
        pytest.param(
            "data.csv",
            '"text", "intent"\n"hi, you", "a"\nsay, "b"\n"the ""end""", c\n',
            [("hi, you", "a", 2), ("say", "b", 3), ('the "end"', "c", 4)],
            id="csv-spaces-before-quotes",
        ),
        pytest.param(
            "data.csv",
            'intent,text\na, "hi" is a word\n',
            [('"hi" is a word', "a", 2)],
            id="csv-quotes-behind-a-space",
        ),
        pytest.param(
            "data.txt",
            "hi, you\ta\nhello\ta\n\nbye now\tb\n",
            [("hi, you", "a", 1), ("hello", "a", 2), ("bye now", "b", 4)],
            id="tabs-without-a-header",
        ),
        pytest.param(
            "data.txt",
            "こんにちは\t0\nさようなら\t1\n",
            [("こんにちは", "0", 1), ("さようなら", "1", 2)],
            id="tabs-between-words-without-spaces",
        ),
        pytest.param(
            "data.jsonl",
            '{"text": "two\\nlines", "intent": "a"}\n \n{"text": "line\u2028end", "intent": "b"}\n'
            '{"text": "last", "intent": "c"}\n',
            [("two\nlines", "a", 1), ("line\u2028end", "b", 3), ("last", "c", 4)],
            id="jsonl",
        ),
    ],
)
def test_example_stands_at_the_line_where_it_begins(name, content, expected):
    """Lines are counted as an editor does, across line breaks in texts and empty lines."""
    assert read(write(name, content)) == expected


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("data.csv", "text,intent\nhi,greeting\n", id="csv"),
        pytest.param("data.tsv", "text\tintent\nhi\tgreeting\n", id="tsv"),
        pytest.param("data.jsonl", '\n{"text": "hi", "intent": "greeting"}', id="jsonl"),
    ],
)
def test_byte_order_mark_is_left_out(name, content):
    """A file that begins with a byte order mark, as spreadsheets write it, reads as one without."""
    assert read(write(name, content, encoding="utf-8-sig")) == [("hi", "greeting", 2)]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        pytest.param(
            "data.csv", "text,intent\n", "data.csv: holds no utterances", id="header-alone"
        ),
        pytest.param(
            "data.jsonl",
            '{"text": "\\ud83d", "intent": "a"}\n',
            "data.jsonl:1: no text",
            id="half-a-character",
        ),
        pytest.param("data.jsonl", "{" * 100_000, "data.jsonl:1: is not JSON", id="deep"),
        pytest.param("data.json", "[" * 100_000, "data.json: is nested too deeply", id="deep-json"),
        pytest.param(
            "data.csv", "text,intent\nhi\n", "data.csv:2: has 1 cells, not 2: hi", id="missing-cell"
        ),
        pytest.param("data.csv", "text,intent\n  ,a\n", "data.csv:2: no text", id="blank-cell"),
        pytest.param(
            "data.csv",
            'text,intent\n"hi\n\nthere",a\n,\nhey,\n"",a\n',
            "data.csv:6: no intent\ndata.csv:7: no text",
            id="several-lines",
        ),
        pytest.param(
            "data.csv",
            'text,intent\nhi,a\n"hey" there,a\nho,a\n',
            "data.csv:3: is not well-formed",
            id="text-after-quote",
        ),
        pytest.param(
            "data.csv", 'text,intent\n"hi,a', "data.csv:2: is not well-formed", id="open-quote"
        ),
        pytest.param(
            "data.csv",
            '"text" x,intent\n',
            "data.csv:1: the header is not well-formed UTF-8 text",
            id="broken-header",
        ),
        pytest.param(
            "data.jsonl",
            '{"text": "hi", "intent": "a"}\n\nhi\n',
            "data.jsonl:3: is not JSON",
            id="not-json",
        ),
        pytest.param(
            "data.jsonl",
            '{"text": "hi", "intent": "a"}\n["hi", "a"]',
            "data.jsonl:2: is not a JSON object",
            id="not-an-object",
        ),
        pytest.param(
            "data.jsonl",
            '{"text": 5, "intent": "a"}\n{"text": "hi", "intent": null}\n{"intent": " "}',
            "data.jsonl:1: no text\ndata.jsonl:2: no intent\ndata.jsonl:3: no text and no intent",
            id="values-of-other-types",
        ),
    ],
)
def test_unusable_file_is_refused_with_file_and_line(name, content, message):
    """Lines that can't be read as examples are an error that names the file and each of them."""
    assert error_of(write(name, content)) == message


def test_mixed_encodings_are_refused_with_their_line():
    """A row that is not UTF-8 in a file that otherwise is, is an error."""
    path = write("data.csv", "text,intent\nhi,größe\n")
    path.write_bytes(path.read_bytes() + b"sch\xf6n,feedback\n")

    assert error_of(path) == "data.csv:3: is not UTF-8"


def test_missing_file_is_refused():
    """A file that is not there is a data error."""
    assert error_of(Path("data.csv")) == "data.csv: does not exist"


def test_folder_named_like_a_file_is_refused():
    """A folder in the place of a file is a data error."""
    Path("data.csv").mkdir()

    assert error_of(Path("data.csv")).startswith("data.csv: holds no files")


def test_example_says_what_is_wrong_with_it():
    """A problem of an example carries the example's file and line."""
    assert str(Example("hi", "a", Path("data.csv"), 7).problem("odd")) == "data.csv:7: odd"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("Export of May\n\nid;text;intent\n1;hi;greeting\n", id="title"),
        pytest.param("Export of May;;\n;;\nid;text;intent\n1;hi;greeting\n", id="title-in-excel"),
        pytest.param("\n\ntext,intent\nhi,greeting\n", id="blank-lines"),
    ],
)
def test_header_may_follow_a_title(content):
    """A note says that what is above it is left out; rows keep their lines."""
    reading = readers.read(write("data.csv", content))

    assert [(each.text, each.intent, each.line) for each in reading.examples] == [
        ("hi", "greeting", 4)
    ]
    [note] = reading.notes
    assert str(note).startswith("data.csv:3: the header is line 3; what is above it is left out")


def test_header_of_several_lines_is_no_title():
    """Its first line fills one cell, and is a part of a row."""
    path = write("data.csv", '"text\nof a user",intent\nhi,greeting\n')

    assert "no column text in the header" in error_of(path)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("fly to Rome\tO O city\nshow fares\tO O\n", id="a-tag-for-each-word"),
        pytest.param("hello\tthere\nand so on\n", id="a-line-without-a-tab"),
        pytest.param("hello\tthere\n", id="one-line"),
        pytest.param("hello\n", id="no-tab"),
    ],
)
def test_text_file_of_something_else_is_refused(content):
    """Neither a header nor the lines are those of a table."""
    message = error_of(write("data.txt", content))

    assert message.startswith("data.txt: is in no format that is recognised")
