from __future__ import annotations

from model.learning.embeddings import PACKAGES, load_embedding


def test_no_vectors_are_loaded_for_n_grams():
    """The default features have no embedding, no file and no package."""
    loaded = load_embedding("tfidf", ())

    assert (loaded.embedding, loaded.file, loaded.description) == (None, None, None)
    assert "tfidf" not in PACKAGES


def test_static_vectors_are_no_file():
    """Static vectors are a part of the model's own files."""
    loaded = load_embedding("static", ())

    assert loaded.embedding is not None
    assert (loaded.title, loaded.file, loaded.description) == ("", None, None)
