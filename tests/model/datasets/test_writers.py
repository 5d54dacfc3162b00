from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.datasets.entry import Example
from model.datasets.formats.rasa.markup import without_entities
from model.datasets.readers import read_examples
from model.datasets.writers import WRITERS, write_examples
from model.errors import DataError

CHARACTERS = st.characters(exclude_categories=["Cs"])
TEXTS = st.text(CHARACTERS, min_size=1, max_size=30).filter(lambda text: text == text.strip() != "")
LABELS = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=12
).filter(lambda text: text == text.strip() != "")
PAIRS = st.lists(st.tuples(TEXTS, LABELS), min_size=1, max_size=8)


@pytest.mark.parametrize("suffix", WRITERS)
@given(pairs=PAIRS)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_every_data_set_reads_back_equal(tmp_path, suffix, pairs):
    """All texts and intents, with any characters in them, come back in their order."""
    pairs = [pair for pair in pairs if suffix not in {".yml", ".yaml"} or _is_plain(pair[0])]
    pairs = pairs or [("hi", "greet")]
    path = tmp_path / f"data{suffix}"

    write_examples(path, [Example(text, intent, Path("x"), 1) for text, intent in pairs])

    assert [(each.text, each.intent) for each in read_examples(path)] == pairs


def _is_plain(text: str) -> bool:
    return without_entities(text.removeprefix("- ").strip()) == text


def test_text_that_a_format_can_not_hold_is_refused(tmp_path):
    """Rasa has no escape for its markup: the text is named, and no file is left."""
    example = Example("see [this](link)", "greet", Path("x"), 1)

    with pytest.raises(DataError, match="Rasa would read this text as markup: see"):
        write_examples(tmp_path / "nlu.yml", [example])

    assert list(tmp_path.iterdir()) == []


def test_unknown_output_is_refused(tmp_path):
    """The formats that can be written are named."""
    with pytest.raises(DataError, match=r"is none of \.csv, \.tsv, \.jsonl"):
        write_examples(tmp_path / "data.xlsx", [])


def test_missing_package_is_named(tmp_path, monkeypatch):
    """Parquet needs pyarrow."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(DataError, match="requirements/parquet"):
        write_examples(tmp_path / "data.parquet", [])
