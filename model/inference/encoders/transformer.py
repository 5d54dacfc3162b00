"""A small BERT (Devlin et al. 2019) whose vectors are means of its tokens' states, in numpy.

A vector has one part for each layer that is read. The last layer was trained for the meaning of
sentences; a layer in the middle transfers better to other tasks (Liu et al. 2019, Linguistic
Knowledge and Transferability of Contextual Representations).

Texts of the same length are encoded together, so that nothing is padded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.inference.encoders.layer_norm import layer_norm
from model.inference.encoders.wordpiece import WordPieceSegmenter, words_of

Tensor = NDArray[np.float32]

BEGIN, END = "[CLS]", "[SEP]"
MAX_TOKENS = 256  # all-MiniLM-L6-v2 was trained on texts of this length; the rest is left out
# Tokens encoded at once, which bounds the memory that a batch takes.
MAX_TOKENS_AT_ONCE = 1024
HEAD_DIMENSIONS = 32
# See ``Encoder``. By the number of layers that are read: the last one, or the fourth as well.
COSINE_WEIGHTS = {1: 24.0, 2: 34.0}
# Microseconds on the machine that ``Query.work`` was fitted on.
WORK_OF_CALL, WORK_PER_CHARACTER = 5000, 70


class TransformerEncoder:
    """Encodes texts; thread-safe.

    Attributes:
        arrays: as they were given.
        dimensions: the length of a vector.
        is_multilingual: whether texts of one meaning have similar vectors in many languages.
        cosine_weight: see ``Encoder``.
    """

    is_multilingual = False

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Prepare the encoder.

        Args:
            arrays: ``pieces`` (UTF-8, one a line); ``table``, shape (pieces, dimensions), 8-bit, in
                units of ``scales``, shape (pieces,); ``positions``, shape (tokens, dimensions), the
                token type's embedding included; of each layer N, the weights ``N.attention``
                (query, key and value side by side), ``N.mixing``, ``N.growing``, ``N.shrinking``,
                each with ``.bias``, and the normalisations' ``.gain`` and ``.shift``; and
                ``read_layers``, the numbers of one or two layers. Files of earlier versions lack
                ``read_layers``: the last layer is read.

        Raises:
            KeyError: an array is missing.
            ValueError: the arrays do not fit together.
        """
        pieces = str(arrays["pieces"].data, "utf-8").split("\n")
        if not len(pieces) == len(arrays["table"]) == len(arrays["scales"]):
            raise ValueError("pieces, table and scales do not fit together")
        self._segment = WordPieceSegmenter(pieces)
        self._begin, self._end = (self._segment.numbers[piece] for piece in (BEGIN, END))
        self.arrays = arrays
        self._layers = sum(name.endswith(".attention") for name in arrays)
        read = arrays.get("read_layers", np.array([self._layers - 1]))
        self._read_layers = [layer for layer in range(self._layers) if layer in read]
        if read.tolist() != self._read_layers or len(read) not in COSINE_WEIGHTS:
            raise ValueError("read_layers are not one or two layers")
        self.dimensions = len(self._read_layers) * int(arrays["table"].shape[1])
        self.cosine_weight = COSINE_WEIGHTS[len(self._read_layers)]

    def is_word(self, word: str) -> bool:
        """Return whether a word is one piece."""
        return any(each in self._segment.numbers for each in words_of(word))

    def encode(self, texts: Sequence[str]) -> Tensor:
        """Return a vector of length one for each text: shape (texts, dimensions)."""
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        tokens = [self.tokens(text) for text in texts]
        for rows in _batches([len(each) for each in tokens]):
            vectors[rows] = self._encode(np.array([tokens[row] for row in rows]))
        return vectors

    def work(self, texts: Sequence[str]) -> int:
        """Return an estimate of the time to encode texts, in microseconds."""
        # A token has some four characters.
        characters = sum(min(len(text), 4 * MAX_TOKENS) for text in texts)
        return WORK_OF_CALL + WORK_PER_CHARACTER * characters

    def tokens(self, text: str) -> list[int]:
        """Return the numbers of a text's tokens, special ones included."""
        return [self._begin, *self._segment(text)[: MAX_TOKENS - 2], self._end]

    def _encode(self, tokens: NDArray[np.intp]) -> Tensor:
        """Encode texts of one length: tokens of shape (texts, length)."""
        a = self.arrays
        count, length = tokens.shape
        embedded = a["table"][tokens] * a["scales"].take(tokens)[..., None]
        states = (embedded + a["positions"][:length]).reshape(count * length, -1)
        states = self._normalized(states, "embedding")
        means = []
        for layer in range(self._layers):
            mixed = self._dense(self._attended(states, layer, count), f"{layer}.mixing")
            states = self._normalized(states + mixed, f"{layer}.mixing")
            grown = gelu(self._dense(states, f"{layer}.growing"))
            states += self._dense(grown, f"{layer}.shrinking")
            states = self._normalized(states, f"{layer}.shrinking")
            if layer in self._read_layers:
                mean = states.reshape(count, length, -1).mean(1)
                means.append(mean / np.linalg.norm(mean, axis=1, keepdims=True))
        return np.asarray(np.hstack(means) / np.sqrt(len(means)), np.float32)

    def _attended(self, states: Tensor, layer: int, count: int) -> Tensor:
        """Return the values that each token attends to (Vaswani et al. 2017, section 3.2)."""
        joint = self._dense(states, f"{layer}.attention")
        # (texts, length, 3, heads, dimensions) to (3, texts, heads, length, dimensions)
        split = joint.reshape(count, -1, 3, states.shape[1] // HEAD_DIMENSIONS, HEAD_DIMENSIONS)
        query, key, value = split.transpose(2, 0, 3, 1, 4)
        scores = query @ key.swapaxes(2, 3)
        scores -= scores.max(-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(-1, keepdims=True)
        return np.asarray((scores @ value).swapaxes(1, 2).reshape(states.shape), np.float32)

    def _dense(self, states: Tensor, layer: str) -> Tensor:
        result: Tensor = states @ self.arrays[layer]
        result += self.arrays[f"{layer}.bias"]
        return result

    def _normalized(self, states: Tensor, layer: str) -> Tensor:
        return layer_norm(states, self.arrays[f"{layer}.gain"], self.arrays[f"{layer}.shift"])


def gelu(values: Tensor) -> Tensor:
    """Return x times the normal distribution's share below x (Hendrycks and Gimpel 2016).

    The error function is formula 7.1.26 of Abramowitz and Stegun 1964: within 1.5e-7.
    """
    scaled = np.abs(values) * np.float32(np.sqrt(0.5))
    t = 1 / (1 + np.float32(0.3275911) * scaled)
    series = np.full_like(t, 1.061405429)
    for coefficient in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        series *= t
        series += np.float32(coefficient)
    series *= t
    np.square(scaled, out=scaled)
    np.negative(scaled, out=scaled)
    series *= np.exp(scaled, out=scaled)  # 1 - erf(|x| / sqrt(2))
    return np.asarray(np.maximum(values, 0) - np.abs(values) * series * np.float32(0.5), np.float32)


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield the numbers of texts of one length that are encoded at once."""
    by_length: dict[int, list[int]] = {}
    for number, length in enumerate(lengths):
        by_length.setdefault(length, []).append(number)
    for length, numbers in by_length.items():
        size = max(1, MAX_TOKENS_AT_ONCE // length)
        yield from (numbers[start : start + size] for start in range(0, len(numbers), size))
