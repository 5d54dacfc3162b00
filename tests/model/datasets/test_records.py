from __future__ import annotations

from pathlib import Path

import pytest

from model.datasets.records import Utterance, parse
from model.errors import DataError

CSV = Path("train.csv")
JSONL = Path("train.jsonl")


def utterances(path: Path, content: bytes) -> list[tuple[str, str]]:
    return [each.utterance for each in parse(path, content)[1] if each.utterance]


@pytest.mark.parametrize(
    ("path", "content"),
    [
        pytest.param(CSV, b"text,intent\nhi,greet\n\n\nbye,leave\n\n", id="blank lines"),
        pytest.param(CSV, b"\xef\xbb\xbftext,intent\r\nhi,greet\r\nbye,leave", id="mark, CRLF"),
        pytest.param(CSV, b"sep=;\ntext;intent\nhi;greet\nbye;leave\n", id="separator line"),
        pytest.param(CSV, b"hi,greet\nbye,leave\n", id="no header"),
        pytest.param(CSV, b"intent,id,text\ngreet,1,hi\nleave,2,bye\n", id="other columns"),
        pytest.param(CSV, b"text,intent\nhi,greet\ntext,intent\nbye,leave\n", id="joined"),
        pytest.param(CSV, b"text,intent\nhi,greet\n,none\na,b,c\nbye,leave\n", id="broken rows"),
        pytest.param(Path("train.tsv"), b"text\tintent\nhi\tgreet\nbye\tleave\n", id="TSV"),
        pytest.param(
            JSONL,
            b'\xef\xbb\xbf{"text": "hi", "intent": "greet"}\n\nno JSON\n'
            b'{"text": "bye", "intent": "leave"}',
            id="JSONL",
        ),
    ],
)
def test_records_join_to_the_content(path, content):
    """Each byte belongs to one record, also those of lines that hold no utterance."""
    assert b"".join(each.raw for each in parse(path, content)[1]) == content
    assert utterances(path, content) == [("hi", "greet"), ("bye", "leave")]


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        pytest.param(
            CSV, b'text,intent,by\n"a, ""b""",x,"me, too"\n', b'"a, ""b""",y,"me, too"\n', id="csv"
        ),
        pytest.param(CSV, b'"text", "intent"\n"a, b", "x"\n', b'"a, b","y"\n', id="space"),
        pytest.param(CSV, b'text,intent\n"a","x"\r\n', b'"a","y"\r\n', id="quoted"),
        pytest.param(CSV, b'text,intent\n"a\nc",x\n', b'"a\nc",y\n', id="line break in a text"),
        pytest.param(
            JSONL, b'{"id":1,"text":"a","intent":"x"}\n', b'{"id":1,"text":"a","intent":"y"}\n',
            id="compact",
        ),
        pytest.param(
            JSONL,
            b'{"intent": "x", "text": "\\u00e9"}\n',
            b'{"intent": "y", "text": "\\u00e9"}\n',
            id="escapes",
        ),
        pytest.param(
            JSONL, b'{ "text":"a", "intent": 3}\r\n', b'{"text": "a", "intent": "y"}\r\n', id="odd"
        ),
    ],
)  # fmt: skip
def test_another_intent_changes_nothing_else(path, content, expected):
    """Quotes, further columns, escapes, spaces and line ends stay as they are."""
    form, records = parse(path, content)
    [record] = [each for each in records if each.utterance]
    assert record.utterance
    assert form.edited(record.raw, record.utterance._replace(intent="y")) == expected


def test_lines_in_the_shape_of_another_tool_are_no_utterances():
    """A rejected answer of Prodigy among plain lines stays as it is."""
    plain = b'{"text":"hi","label":"greet"}\n'
    rejected = b'{"text":"hi","label":"leave","answer":"reject","_task_hash":1}\n'
    _, records = parse(JSONL, plain + rejected)

    assert [(each.raw, each.utterance) for each in records] == [
        (plain, Utterance("hi", "greet")),
        (rejected, None),
    ]


def test_text_with_a_delimiter_is_quoted():
    """A cell gets quotes only if it needs them."""
    form, records = parse(CSV, b"text,intent\nhi,greet\n")
    assert form.edited(records[-1].raw, Utterance('hi, "you"', "greet")) == b'"hi, ""you""",greet\n'


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        pytest.param(CSV, b"id,text,intent\n1,hi,greet\n", b",yo,greet\n", id="csv"),
        pytest.param(CSV, b'text;intent\r\n"hi";"greet"\r\n', b'"yo";"greet"\r\n', id="quotes"),
        pytest.param(CSV, b"text,intent\n", b"yo,greet\n", id="only a header"),
        pytest.param(
            JSONL, b'{"label":"a","utterance":"b"}\n', b'{"utterance":"yo","label":"greet"}\n',
            id="jsonl",
        ),
        pytest.param(JSONL, b"", b'{"text": "yo", "intent": "greet"}\n', id="empty jsonl"),
    ],
)  # fmt: skip
def test_new_records_look_like_the_others(path, content, expected):
    """A new record has the file's columns, quotes, keys, spaces and line ends."""
    form, _ = parse(path, content)
    assert form.created(Utterance("yo", "greet")) == expected


@pytest.mark.parametrize(
    ("path", "content", "message"),
    [
        pytest.param(CSV, "text,intent\né,x\n".encode("utf-16"), "not UTF-8", id="encoding"),
        pytest.param(Path("nlu.yml"), b"nlu: []\n", "model.datasets convert", id="format"),
        pytest.param(CSV, b"a,b,c\n1,2,3\n", "no column text.*; rename columns, or", id="columns"),
        pytest.param(
            JSONL, b'{"text":"hi","label":["a"]}\n', "model.datasets convert", id="lists-of-labels"
        ),
        pytest.param(JSONL, b'{"messages":[]}\n', "model.datasets convert", id="conversations"),
        pytest.param(
            JSONL,
            b'{"text":"hi","label":"greet","answer":"accept","_task_hash":1}\n',
            "labels of Prodigy",
            id="prodigy",
        ),
    ],
)
def test_files_that_cannot_be_edited_are_refused(path, content, message):
    """The message names the remedy."""
    with pytest.raises(DataError, match=message):
        parse(path, content)


@pytest.mark.parametrize(
    ("suffix", "content"), [(".csv", b"text\nsing\n"), (".jsonl", b'{"text": "sing"}')]
)
def test_texts_without_intents_are_refused(suffix, content):
    """There is no column to write an intent to."""
    with pytest.raises(DataError, match="has no column of intents to edit"):
        parse(Path(f"out_of_scope_validation{suffix}"), content)


def test_lists_of_intents_in_cells_are_refused():
    """An intent that is edited would stand among lists."""
    with pytest.raises(DataError, match=r"data\.csv:2: holds lists of intents: "):
        parse(Path("data.csv"), b"text,label\nhi,['greet']\n")


def test_numbered_labels_are_refused(tmp_path):
    """A file whose numbers are named elsewhere would mix numbers and names."""
    features = {"features": {"label": {"names": ["a", "b"], "_type": "ClassLabel"}}}
    content = b"text,label\nhi,0\n"
    info = str(features).replace("'", '"')
    (tmp_path / "dataset_info.json").write_text(info)
    with pytest.raises(DataError, match="numbers for intents"):
        parse(tmp_path / "train.csv", content)
