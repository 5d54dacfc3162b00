from __future__ import annotations

import hashlib
import json
import os
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.errors import EncoderError
from model.inference.encoders import ENCODER_NAME, encoder_file
from model.inference.encoders.encoder_file import (
    WHOLE_SENTENCE,
    SentenceEncoder,
    load_encoder,
    read_encoder,
)
from tests.support.tiny_embedding import TinyEncoder


@pytest.fixture
def damaged_copy(minilm_file, tmp_path):
    """A file of its own, to be damaged: path, digest and content."""
    path, digest = minilm_file
    return tmp_path / "encoder.safetensors", digest, bytearray(path.read_bytes())


def header_of(content):
    """Return the header of a safetensors file."""
    return json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])


def resealed(content, **changes):
    """Return a file with other metadata, and its digest, as somebody else could make it."""
    start = 8 + int.from_bytes(content[:8], "little")
    entries = header_of(content)
    entries["__metadata__"] |= changes
    header = json.dumps(entries).encode()
    return (
        len(header).to_bytes(8, "little") + header + content[start:],
        hashlib.sha256(header).hexdigest(),
    )


def resident_kib(path):
    """Return how much of a mapped file is memory of this process (proc(5), smaps)."""
    mappings = re.split(r"^(?=[0-9a-f]+-)", Path("/proc/self/smaps").read_text(), flags=re.M)
    found = [mapping for mapping in mappings if str(path) in mapping.partition("\n")[0]]
    return sum(int(size) for each in found for size in re.findall(r"^Rss:\s+(\d+)", each, re.M))


@pytest.mark.parametrize("name", ["pieces", "positions", "5.growing"])
def test_damaged_array_is_refused_at_load(damaged_copy, name):
    """One flipped bit in an array is noticed before anything is encoded."""
    path, digest, content = damaged_copy
    start = 8 + int.from_bytes(content[:8], "little")
    content[start + header_of(content)[name]["data_offsets"][0]] ^= 1
    path.write_bytes(content)

    with pytest.raises(EncoderError, match="is damaged"):
        load_encoder(path, digest=digest)


def test_damaged_row_is_refused_when_it_is_used(damaged_copy):
    """The table is verified by blocks: texts without the damaged block are encoded."""
    path, digest, content = damaged_copy
    start = 8 + int.from_bytes(content[:8], "little")
    content[start + header_of(content)["table"]["data_offsets"][1] - 1] ^= 1
    path.write_bytes(content)
    encoder: Any = load_encoder(path, digest=digest).encoder
    table = encoder.arrays["table"]

    assert encoder.encode(["hello"]).shape == (1, encoder.dimensions)
    with pytest.raises(EncoderError, match="is damaged"):
        table[np.array([len(table) - 1])]


def test_table_that_was_cut_is_noticed(damaged_copy):
    """A row that the file no longer has is an error, although its block was verified."""
    path, digest, content = damaged_copy
    path.write_bytes(content)
    encoder: Any = load_encoder(path, digest=digest).encoder
    table, rows = encoder.arrays["table"], np.arange(2)
    expected = table[rows]
    start = 8 + int.from_bytes(content[:8], "little")
    os.truncate(path, start + header_of(content)["table"]["data_offsets"][0] + expected[0].nbytes)

    assert (table[rows[:1]] == expected[:1]).all()
    with pytest.raises(EncoderError, match="is shorter"):
        table[rows]


def test_file_is_closed_with_the_encoder(minilm_file):
    """Models that leave take their encoder's file along."""
    path, digest = minilm_file
    encoder: Any = load_encoder(path, digest=digest).encoder
    descriptor = encoder.arrays["table"]._source.descriptor
    os.fstat(descriptor)

    del encoder

    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_rows_do_not_stay_in_memory(minilm_file):
    """The whole table was read, and no more of the file is mapped memory than before."""
    path, digest = minilm_file
    encoder: Any = load_encoder(path, digest=digest).encoder
    table = encoder.arrays["table"]
    before = resident_kib(path)

    assert table[np.arange(len(table))].any()

    assert resident_kib(path) == before > 0


def test_another_encoder_is_refused(damaged_copy, use_file):
    """A model is served with the encoder that it was trained with, and no other."""
    path, _, content = damaged_copy
    path.write_bytes(content)

    with pytest.raises(EncoderError, match="is not the encoder"):
        load_encoder(path, digest=use_file[1])


@pytest.mark.parametrize(
    "header", ["null", '"text"', "[]", "{}", pytest.param("[" * 100_000, id="nested")]
)
def test_a_header_that_is_none_is_refused(header):
    """Whatever it holds, it is an error of the file."""
    with pytest.raises(EncoderError, match="describes no encoder"):
        read_encoder(len(header).to_bytes(8, "little") + header.encode())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"format": "other/1"}, "is of another version", id="format"),
        pytest.param({"kind": "other"}, "describes no encoder", id="kind"),
        pytest.param({"kind": "use"}, "describes no encoder", id="wrong-kind"),
    ],
)
def test_file_of_another_kind_is_refused(damaged_copy, changes, reason):
    """The header has to describe a file that this program reads."""
    path, _, content = damaged_copy
    content, digest = resealed(bytes(content), **changes)
    path.write_bytes(content)

    with pytest.raises(EncoderError, match=reason):
        load_encoder(path, digest=digest)


@pytest.mark.parametrize("content", [b"", b"x", b"\xff" * 100])
def test_file_that_is_none_is_refused(tmp_path, content):
    """Any content leads to one clear error at most."""
    path = tmp_path / "encoder"
    path.write_bytes(content)

    with pytest.raises(EncoderError):
        load_encoder(path, digest="0" * 64)


def test_missing_file_is_refused(tmp_path):
    """A missing file is an error of the encoder, too."""
    with pytest.raises(EncoderError, match="can't be read"):
        load_encoder(tmp_path / "none", digest="0" * 64)


@pytest.fixture
def sentence_encoder(minilm_file):
    """A loaded sentence encoder of its own."""
    path, digest = minilm_file
    return load_encoder(path, digest=digest)


def test_recent_texts_are_not_encoded_again(sentence_encoder, monkeypatch):
    """Repeated texts take their vector from the memory of recent texts, which is bounded."""
    monkeypatch.setattr(encoder_file, "MAX_RECENT", 2)
    first = sentence_encoder.transform(["one", "two", "one"])
    zeros = np.zeros((9, sentence_encoder.dimensions))
    monkeypatch.setattr(sentence_encoder.encoder, "encode", lambda texts: zeros[: len(texts)])

    assert (first[0] == first[2]).all()
    assert (sentence_encoder.transform(["two", "one"]) == first[[1, 0]]).all()
    assert not sentence_encoder.transform(["three", "x" * 1000]).any()
    assert not sentence_encoder.transform(["one"]).any()


def test_work_of_recent_texts_is_nothing():
    """Only texts whose vectors are not kept take time."""
    encoder = SentenceEncoder(TinyEncoder(), digest="")
    encoder.transform(["my order"])

    assert encoder.fresh_work(["my order"]) == 0
    assert encoder.fresh_work(["my order", "parcel"]) == encoder.work(["parcel"]) == 1


@pytest.mark.parametrize(("word", "expected"), [("order", True), ("odrer", False)])
def test_words_are_those_of_the_encoder(word, expected):
    """Texts need not be encoded to ask."""
    assert SentenceEncoder(TinyEncoder(), digest="").is_word(word) is expected


def test_contributions_add_up_to_the_score(sentence_encoder):
    """A word contributes what the score loses without it; the rest is the whole sentence's."""
    weights = np.arange(sentence_encoder.dimensions)
    whole, without = sentence_encoder.transform(["My order", "order"]) @ weights

    contributions = dict(sentence_encoder.contributions("My order", weights))

    assert list(contributions) == ["my", "order", WHOLE_SENTENCE]
    assert contributions["my"] == pytest.approx(whole - without, abs=1e-3)
    assert sum(contributions.values()) == pytest.approx(whole, abs=1e-3)


def test_contribution_of_a_long_text_is_not_divided(sentence_encoder, monkeypatch):
    """An explanation encodes a bounded number of texts."""
    monkeypatch.setattr(encoder_file, "MAX_WORDS_LEFT_OUT", 2)
    text = "where is it"

    [(name, weight)] = sentence_encoder.contributions(text, np.ones(sentence_encoder.dimensions))

    assert name == WHOLE_SENTENCE
    assert weight == pytest.approx(sentence_encoder.transform([text])[0].sum(), abs=1e-5)


def test_pickle_names_the_encoder_by_its_digest(sentence_encoder, minilm_file):
    """A pickle is small, and is loaded with the file in the folder that is set."""
    content = pickle.dumps(sentence_encoder)
    path, _ = minilm_file
    (path.with_name(ENCODER_NAME)).unlink(missing_ok=True)
    path.with_name(ENCODER_NAME).symlink_to(path)
    token = SentenceEncoder.folder.set(path.parent)
    copy = pickle.loads(content)
    SentenceEncoder.folder.reset(token)

    assert len(content) < 1000
    assert (copy.transform(["hello"]) == sentence_encoder.transform(["hello"])).all()
