from __future__ import annotations

import json
from pathlib import Path

from model.datasets.checked import read_checked
from model.datasets.entry import Example


def test_kept_labels_are_read(tmp_path):
    """Decisions to keep count unless they were undone; other lines are skipped."""

    def kept(number: int, *texts: str) -> str:
        utterances = [{"text": text, "intent": "a"} for text in texts]
        return json.dumps({"number": number, "action": "keep", "utterances": utterances})

    lines = [
        kept(1, "one", "two"),
        kept(2, "undone"),
        json.dumps({"number": 3, "action": "undo", "of": 2}),
        json.dumps({"number": 4, "action": "relabel", "utterances": []}),
        json.dumps({"number": 5, "action": "keep"}),
        "[1]",
        "{torn",
    ]
    (tmp_path / "train.csv.decisions").write_text("\n".join(lines))
    files = (tmp_path / "train.csv", tmp_path / "other.csv", Path("in.zip/member.csv"))

    checked = read_checked(Example("x", "a", file, 2) for file in files)

    assert checked == {("one", "a"), ("two", "a")}
