from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from model.tables.line_reader import MAX_RECORD

NO_NUMBER = "holds a number that JSON can't express (NaN, Infinity or too large)"


def read(name: str) -> list[Any]:
    return [json.loads(line) for line in Path(name).read_text("utf-8").splitlines()]


def test_labels_follow_an_object_s_own_keys(label):
    """The content of an object stays as it was written, numbers to their last digit."""
    Path("in.jsonl").write_bytes(
        b'\xef\xbb\xbf{ "n": 1.10, "text": "hello" } \n\n{"text":"gr\\u00fc\\u00df"}'
    )

    assert label("in.jsonl", "out.jsonl")[0] == 0

    first, second = Path("out.jsonl").read_text("utf-8").splitlines()
    assert first.startswith('{ "n": 1.10, "text": "hello", "intent": "greeting", "confidence": ')
    assert second.startswith('{"text":"gr\\u00fc\\u00df", "intent": ')


def test_alternatives_are_a_list(label):
    """The ranking is written as the service answers it."""
    Path("in.jsonl").write_text('{"message": "hello"}\n')

    label("in.jsonl", "out.jsonl", "--column", "message", "--top-k", "9")

    [answer] = read("out.jsonl")
    assert len(answer["alternatives"]) == 4
    assert answer["alternatives"][0] == {
        "intent": answer["intent"],
        "confidence": answer["confidence"],
    }


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param(b'{"text": "a"', "is not JSON", id="torn"),
        pytest.param(b'{"text": "a", "n": NaN}', f"{NO_NUMBER}: write null", id="nan"),
        pytest.param(b'{"text": "a", "n": 1e999}', f"{NO_NUMBER}: write null", id="too-large"),
        pytest.param(b"[" * 100_000, "is not JSON", id="deep"),
        pytest.param(b'["hello"]', "is not a JSON object", id="list"),
        pytest.param(b'{"n": 1}', "no text", id="missing"),
        pytest.param(b'{"text": null}', "no text", id="null"),
        pytest.param(b'{"text": 7}', "text is no text", id="number"),
        pytest.param(b'{"text": " "}', "text is empty", id="blank"),
        pytest.param(b'{"text": "\\ud800"}', "text is not valid Unicode", id="surrogate"),
        pytest.param(b'{"text": "\xff\xc3\xa9"}', "is not UTF-8", id="encoding"),
        pytest.param(b'{"text": "hi", "intent": 1}', "has intent already", id="clash"),
        pytest.param(b'"' + b"x" * 2 * MAX_RECORD + b'"', "is longer than 1 MiB", id="long"),
    ],
)
def test_bad_lines_go_to_a_file_of_their_own(label, line, reason):
    """A line that can't be used is named with its number and reason, and no other one is lost."""
    Path("in.jsonl").write_bytes(b'{"text": "hello"}\n' + line + b'\n{"text": "hi"}\n')

    code, errors = label("in.jsonl", "out.jsonl")

    assert code == 3
    assert errors.endswith("Rejected 1 rows: see out.rejected.jsonl\n")
    assert [each["text"] for each in read("out.jsonl")] == ["hello", "hi"]
    [rejected] = read("out.rejected.jsonl")
    assert (rejected["line"], rejected["reason"]) == (2, reason)
    assert rejected["record"].startswith(line[:8].decode("utf-8", "backslashreplace"))
