from __future__ import annotations

import csv
from pathlib import Path

import pytest

from model.tables.line_reader import MAX_RECORD
from model.tables.table import CHUNK_ROWS


def read(name: str, delimiter: str = ",") -> list[list[str]]:
    with Path(name).open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file, delimiter=delimiter))


def test_labels_are_added_to_each_row(label):
    """All columns stay as they are, in their order, quotes included; the labels come last."""
    Path("in.csv").write_text('id,text,note\n1,"hello","a ""b"", c"\n2,reset my password,\n')

    code, errors = label("in.csv", "out.csv")

    assert code == 0
    assert errors.startswith("Labelled 2 rows in out.csv after ")
    lines = Path("out.csv").read_text().splitlines()
    assert lines[0] == "id,text,note,intent,confidence"
    assert lines[1].startswith('1,"hello","a ""b"", c",greeting,')
    assert lines[2].startswith("2,reset my password,,password_reset,")
    assert sorted(path.name for path in Path().iterdir()) == ["in.csv", "out.csv"]


def test_header_may_follow_a_title(label):
    """The title is left out of the output, and a note says so."""
    Path("in.csv").write_text("Mail of May\n\nid;mail\n1;hello\n")

    code, errors = label("in.csv", "out.csv", "--column", "mail")

    assert code == 0
    assert "note: in.csv: the header is line 3; what is above it is left out" in errors
    assert Path("out.csv").read_text().splitlines()[0] == "id;mail;intent;confidence"


def test_alternatives_are_a_column_of_json(label):
    """The ranking is one field, quoted as CSV has it."""
    Path("in.csv").write_text("text\nhello\n")

    label("in.csv", "out.csv", "--top-k", "2")

    header, row = read("out.csv")
    assert header == ["text", "intent", "confidence", "alternatives"]
    assert row[3].startswith('[{"intent": "greeting", "confidence": ')
    assert row[3].count("intent") == 2


def test_tabs_separate_in_tsv(label):
    """TSV is read and written with tabs; commas are text."""
    Path("in.tsv").write_text("text\tn\nhello, you\t1\n\t2\n")

    code, _ = label("in.tsv", "out.tsv")

    assert code == 3
    assert [row[:3] for row in read("out.tsv", "\t")] == [
        ["text", "n", "intent"],
        ["hello, you", "1", "greeting"],
    ]
    assert read("out.rejected.tsv", "\t") == [
        ["line", "reason", "record"],
        ["3", "text is empty", "'\t2"],  # a spreadsheet would run a cell that begins with a tab
    ]


def test_quoted_line_breaks_are_part_of_their_row(label):
    """A field over several lines is one utterance; later rows keep their line numbers."""
    Path("in.csv").write_text('text,n\n"reset\nmy\n\npassword",1\n"",2\n')

    code, _ = label("in.csv", "out.csv")

    assert code == 3
    assert read("out.csv")[1][:3] == ["reset\nmy\n\npassword", "1", "password_reset"]
    assert read("out.rejected.csv")[1] == ["6", "text is empty", '"",2']


def test_windows_files_stay_so(label):
    """A byte-order mark is not part of the first name, and lines go on ending in CR LF."""
    Path("in.csv").write_bytes(b'\xef\xbb\xbftext\r\nhello\r\n"hi\r\nthere"\r\nhello')

    assert label("in.csv", "out.csv")[0] == 0

    lines = Path("out.csv").read_bytes().split(b"\r\n")
    assert lines[0] == b"text,intent,confidence"
    assert lines[1].startswith(b"hello,greeting,")
    assert lines[2:4][0] == b'"hi'
    assert lines[4].startswith(b"hello,greeting,")
    assert lines[5:] == [b""]


@pytest.mark.parametrize(
    ("row", "reason", "record"),
    [
        pytest.param(b",1", "text is empty", ",1", id="empty"),
        pytest.param(b"  ,1", "text is empty", "  ,1", id="blank"),
        pytest.param(b"hello", "has 1 cells, not 2: hello", "hello", id="too-few"),
        pytest.param(b"a,b,c", "has 3 cells, not 2: a,b,c", "a,b,c", id="too-many"),
        pytest.param(b"\xff\xc3\xa9,1", "is not UTF-8", "\\xffé,1", id="encoding"),
        pytest.param(b'"a" b,1', "is not well-formed", '"a" b,1', id="text-behind-a-quote"),
        pytest.param(b'"a,1', "is not well-formed", '"a,1', id="open-quote"),
        pytest.param(b"a\rb,1", "is not well-formed", "a\rb,1", id="carriage-return"),
        pytest.param(
            b"x" * 5001 + b",1",
            "text has more than 5000 characters",
            "x" * 5001 + ",1",
            id="long-text",
        ),
        pytest.param(
            b"x" * (MAX_RECORD + 9) + b",1", "is longer than 1 MiB", "x" * 200, id="long-line"
        ),
    ],
)
def test_bad_rows_go_to_a_file_of_their_own(label, row, reason, record):
    """A row that can't be used is named with line and reason, and no other row is lost."""
    Path("in.csv").write_bytes(b"text,n\nhello,0\n" + row + b"\nhi there,2\n\ngood morning,3\n")

    code, errors = label("in.csv", "out.csv")

    assert code == 3
    assert errors.endswith("Rejected 1 rows: see out.rejected.csv\n")
    assert [each[1] for each in read("out.csv")] == ["n", "0", "2", "3"]
    assert read("out.rejected.csv") == [["line", "reason", "record"], ["3", reason, record]]


def test_open_quote_before_quoted_rows_loses_only_its_line(label):
    """Where the quotes of later rows close the open one, the rows are still told apart."""
    Path("in.csv").write_text('text,n\n"hello,0\n"hi",1\nsaid "hi" and,2\nfive" nails,3\n')

    label("in.csv", "out.csv")

    assert [row[1] for row in read("out.csv")] == ["n", "1", "2", "3"]
    assert read("out.rejected.csv")[1:] == [["2", "is not well-formed", '"hello,0']]


def test_open_quote_before_stray_ones_loses_only_its_line(label):
    """Quotes that only seem to close the open one are part of their own rows."""
    Path("in.csv").write_text('text,n\n"a\nb",c"d\ne"f,1\n')

    label("in.csv", "out.csv")

    assert [row[:2] for row in read("out.csv")[1:]] == [['b"', 'c"d'], ['e"f', "1"]]
    assert read("out.rejected.csv")[1:] == [["2", "is not well-formed", '"a']]


def test_table_without_rows_stays_one(label):
    """A header alone gets its columns."""
    Path("in.csv").write_text("text\n")

    assert label("in.csv", "out.csv")[0] == 0
    assert read("out.csv") == [["text", "intent", "confidence"]]


def test_open_quote_before_much_else_loses_only_its_line(label):
    """The search for the closing quote ends, and what it has read is not lost."""
    rows = MAX_RECORD // 1000 + 100
    line = "hello " * 165 + "\n"
    Path("in.csv").write_text('text\n"hello\n' + line * rows)

    label("in.csv", "out.csv")

    assert len(read("out.csv")) == 1 + rows
    assert len(read("out.rejected.csv")) == 2


def test_rows_beyond_one_chunk_keep_their_order(label):
    """Chunks come out in the order of the input."""
    numbers = [str(number) for number in range(2 * CHUNK_ROWS + 1)]
    Path("in.csv").write_text("text,n\n" + "".join(f"hello,{n}\n" for n in numbers))

    label("in.csv", "out.csv")

    assert [row[1] for row in read("out.csv")[1:]] == numbers


def test_large_rows_make_small_chunks(label):
    """The memory that a chunk takes is bounded by bytes, too."""
    note = "x" * 900_000
    Path("in.csv").write_text("text,note\n" + f"hello,{note}\n" * 6)

    label("in.csv", "out.csv")

    assert len(read("out.csv")) == 7


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(
            b"a,b,c\n",
            "in.csv:1: no column text: found a, b, c; --column chooses by name or number",
            id="no-column",
        ),
        pytest.param(b"", "in.csv: is empty", id="empty"),
        pytest.param(b'"text\n', "in.csv:1: the header is not well-formed UTF-8 text", id="quote"),
        pytest.param(
            "text,é".encode() + b"\xff\n",
            "in.csv:1: the header is not well-formed UTF-8 text",
            id="encoding",
        ),
        pytest.param(
            b"text,confidence,intent\n",
            "in.csv:1: has intent and confidence already; "
            "--prefix model_ adds columns of other names",
            id="clash",
        ),
    ],
)
def test_header_that_does_not_fit_is_refused(label, content, message):
    """Nothing is written for a table that can't be labelled."""
    Path("in.csv").write_bytes(content)

    assert label("in.csv", "out.csv") == (1, f"error: {message}\n")
    assert [path.name for path in Path().iterdir()] == ["in.csv"]


def test_prefix_keeps_names_apart(label):
    """A table that has an intent already gets another column beside it."""
    Path("in.csv").write_text("text,intent\nhello,dance\n")

    assert label("in.csv", "out.csv", "--prefix", "model_")[0] == 0

    assert read("out.csv")[0] == ["text", "intent", "model_intent", "model_confidence"]
    assert read("out.csv")[1][1:3] == ["dance", "greeting"]


def test_intents_are_quoted_where_they_must_be(label, small_model, monkeypatch):
    """A label may hold what separates fields."""
    monkeypatch.setattr(small_model, "_labels", ('a,"b"', 'a,"b"', 'a,"b"'))
    monkeypatch.setattr("model.bulk.job.IntentModel.load", lambda _: small_model)
    Path("in.csv").write_text("text\nhello\n")

    label("in.csv", "out.csv")

    assert read("out.csv")[1][1] == 'a,"b"'
