from __future__ import annotations

import pickle

import numpy as np
import pytest

from model.inference.encoders.encoder_file import SentenceEncoder
from model.learning import known_vectors
from model.learning.known_vectors import KnownVectors

TEXTS = ["one", "two", "one", "three"]


class LengthEncoder:
    """Encodes a text by its length."""

    dimensions = 2

    def encode(self, texts):
        """Return length and one."""
        return np.array([[len(text), 1] for text in texts], np.float32)


@pytest.fixture
def vectors(monkeypatch):
    """The vectors of the texts, encoded two at a time."""
    monkeypatch.setattr(known_vectors, "BATCH", 2)
    return KnownVectors(SentenceEncoder(LengthEncoder(), digest="00"), TEXTS)


def test_known_texts_have_their_vectors(vectors):
    """Each text is looked up, in any order."""
    assert vectors.transform(["three", "one"]).tolist() == [[5, 1], [3, 1]]
    assert vectors.dimensions == 2


def test_other_processes_get_the_vectors_without_the_encoder(vectors):
    """A pickled copy looks up, but can't encode."""
    copy = pickle.loads(pickle.dumps(vectors))

    assert copy.encoder is None
    assert (copy.transform(TEXTS) == vectors.transform(TEXTS)).all()
