from __future__ import annotations

import pickle

import pytest

from model.learning import known_vectors
from model.learning.known_vectors import KnownVectors
from tests.support.tiny_embedding import TINY

TEXTS = ["my order", "parcel", "my order", "password"]


@pytest.fixture
def vectors(monkeypatch):
    """The vectors of the texts, computed two at a time."""
    monkeypatch.setattr(known_vectors, "BATCH", 2)
    return KnownVectors(TINY, TEXTS)


def test_known_texts_have_their_vectors(vectors):
    """Each text is looked up, in any order."""
    asked = ["password", "my order"]

    assert (vectors.transform(asked) == TINY.transform(asked)).all()
    assert vectors.dimensions == TINY.dimensions
    assert not vectors.is_multilingual


def test_vectors_of_other_texts_are_computed(vectors):
    """Misspelt copies of the texts have vectors of their own."""
    asked = ["my oder", "my order", "pasword"]

    assert (vectors.transform(asked) == TINY.transform(asked)).all()


def test_other_processes_get_the_vectors_without_the_embedding(vectors):
    """A pickled copy looks vectors up, but computes none."""
    copy = pickle.loads(pickle.dumps(vectors))

    assert copy.embedding is None
    assert (copy.transform(TEXTS) == vectors.transform(TEXTS)).all()
    with pytest.raises(KeyError):
        copy.transform(["another order"])
