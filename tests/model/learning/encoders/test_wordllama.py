from __future__ import annotations

from importlib.metadata import distribution

import numpy as np
import pytest
from safetensors.numpy import load_file

from model.errors import VectorsMissingError
from model.learning.encoders import wordllama
from model.learning.encoders.wordllama import load_embedding


@pytest.fixture(scope="module")
def embedding():
    return load_embedding()


@pytest.fixture(scope="module")
def vectors():
    """The vectors of all pieces, as the package has them."""
    path = distribution("wordllama").locate_file(wordllama.VECTORS)
    return load_file(str(path))["embedding.weight"].astype(np.float32)


# The numbers are the results of the package's own tokenizer.
@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("where is my parcel", [988, 338, 590, 610, 2242]),
        (
            "i cannot accomodate 2 passwrods",
            [474, 2609, 7954, 397, 403, 29871, 29906, 1209, 29893, 5964, 29879],
        ),
        (
            "what's the 401k balance, please?",
            [825, 29915, 29879, 278, 29871, 29946, 29900, 29896, 29895, 17346, 29892, 3113, 29973],
        ),
        ("xyzzyqwertyplugh", [921, 12339, 1537, 29939, 556, 1017, 572, 6129]),
    ],
)
def test_vector_is_that_of_the_packages_tokenizer(embedding, vectors, text, numbers):
    """Except for rounding, the first sum is that of the pieces that the real tokenizer finds."""
    real = vectors[numbers].sum(axis=0)

    [ours] = embedding.transform([text])

    first = ours[: len(real)]
    assert first @ real / np.linalg.norm(first) / np.linalg.norm(real) > 0.9999


def test_first_words_count_more_in_the_second_sum(embedding):
    """The other order of the same words leads to another vector, by its second half alone."""
    one, other = embedding.transform(["is it here", "it is here"])
    half = embedding.dimensions // 2

    assert embedding.dimensions == 512
    assert 0 < embedding.sums[1, 1] < embedding.sums[0, 1] == 1
    np.testing.assert_allclose(one[:half], other[:half], atol=1e-6)
    assert np.abs(one[half:] - other[half:]).max() > 0.01


def test_only_pieces_of_small_ascii_letters_are_kept(embedding):
    """Pieces that never occur in normalized texts are left out."""
    letters = [piece.removeprefix("▁") for piece in embedding.pieces]

    assert all(each.isascii() and each == each.lower() for each in letters)
    assert {"▁password", "▁", "ing", "7", "?"} <= set(embedding.pieces)
    assert embedding.vectors.shape == (len(letters), 256)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("PACKAGE", "no-such-package", id="not-installed"),
        pytest.param("VECTORS", "wordllama/weights/none.safetensors", id="no-file"),
        pytest.param("TENSOR", "other", id="other-vectors"),
        pytest.param("TOKENIZER", "wordllama/__init__.py", id="no-tokenizer"),
    ],
)
def test_missing_vectors_are_refused_with_a_remedy(monkeypatch, name, value):
    """The error names the command that installs the vectors."""
    monkeypatch.setattr(wordllama, name, value)

    with pytest.raises(VectorsMissingError, match=r"pip install .* requirements/static\.txt$"):
        load_embedding()
