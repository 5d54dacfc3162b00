"""The multilingual Universal Sentence Encoder (Yang et al. 2020), version 3, in numpy.

Each piece's embedding goes through three branches of convolutions over 2, 3 and 5 pieces; embedding
and branches are normalised, summed over the text, and pass a residual network.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.inference.encoders.layer_norm import layer_norm
from model.inference.encoders.unigram import UnigramSegmenter
from model.inference.ngram_trie import NgramTrie

Vectors = NDArray[np.float32]

UNKNOWN, BEGIN, END = 0, 1, 2  # pieces
# Pieces that a convolution sees: to the left, itself, and to the right.
WINDOWS = ((0, 1), (1, 1), (2, 2))
CHANNELS = 256  # of a branch
# Pieces encoded at once: the layers are then read once for several texts, from the cache.
MAX_PIECES_AT_ONCE = 384
# Microseconds on the machine that ``Query.work`` was fitted on.
WORK_OF_CALL, WORK_PER_CHARACTER = 1200, 15


class ConvolutionalEncoder:
    """Encodes texts of sixteen languages; thread-safe.

    Attributes:
        arrays: as they were given.
        segment: returns the numbers of a text's pieces.
        dimensions: the length of a vector.
        is_multilingual: whether texts of one meaning have similar vectors in many languages.
        cosine_weight: see ``Encoder``.
    """

    is_multilingual = True
    cosine_weight = 24.0

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Prepare the encoder.

        Args:
            arrays: ``characters`` (UTF-8), ``keys``, ``columns``, ``scores`` of the pieces (see
                ``UnigramSegmenter``); ``table``, shape (pieces, 512), 8-bit, with ``row_scale`` and
                ``row_offset``, shape (pieces,); and the layers, single precision.

        Raises:
            KeyError: an array is missing.
            ValueError: the arrays do not fit together.
        """
        pieces = NgramTrie(arrays["keys"], arrays["columns"])
        characters = str(arrays["characters"].data, "utf-8")
        pieces.check(len(set(characters)), len(arrays["table"]))
        self.segment = UnigramSegmenter(characters, pieces, arrays["scores"], unknown_piece=UNKNOWN)
        self.arrays = arrays
        self.dimensions = int(arrays["d3"].shape[1])

    def is_word(self, word: str) -> bool:
        """Return whether a word is one piece, as it is or in lower case."""
        return any(len(self.segment(each)) == 1 for each in (word, word.lower()))

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return a vector of length one for each text: shape (texts, dimensions).

        A text without small letters has the vector of the same text in lower case: the encoder has
        seen few words in capitals, and breaks them into letters.
        """
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        lowered = [text.lower() if text.isupper() else text for text in texts]
        segmented = [[BEGIN, *self.segment(text), END] for text in lowered]
        for start, end in _batches(segmented):
            vectors[start:end] = self._encode(segmented[start:end])
        return vectors

    def work(self, texts: Sequence[str]) -> int:
        """Return an estimate of the time to encode texts, in microseconds."""
        return WORK_OF_CALL + WORK_PER_CHARACTER * sum(map(len, texts))

    def _encode(self, texts: Sequence[Sequence[int]]) -> Vectors:
        a = self.arrays
        pieces = np.concatenate([np.array(text, np.intp) for text in texts])
        lengths = np.array([len(text) for text in texts])
        starts = lengths.cumsum() - lengths
        embedded = a["table"][pieces].astype(np.float32)
        embedded *= a["row_scale"].take(pieces)[:, None]
        embedded += a["row_offset"].take(pieces)[:, None]
        branches = self._normalized(embedded @ a["projection"] + a["projection.bias"], "branches")
        features = np.empty((len(pieces), embedded.shape[1] + branches.shape[1]), np.float32)
        features[:, : embedded.shape[1]] = embedded
        for number, (left, right) in enumerate(WINDOWS):
            places = _windows(starts, lengths, left, right)
            channels = slice(number * CHANNELS, (number + 1) * CHANNELS)
            branch = self._convolved(branches[:, channels], places, f"first.{number}")
            branch = self._convolved(branch, places, f"second.{number}")
            features[:, embedded.shape[1] :][:, channels] = branch
        features = self._normalized(features, "features")
        # The sum over a text's pieces and the projection commute: one row a text is projected.
        sums = np.add.reduceat(features, starts, 0) @ a["pooling"]
        counts = lengths.astype(np.float32)[:, None]
        return self._output((sums + counts * a["pooling.bias"]) / np.sqrt(counts))

    def _convolved(self, rows: Vectors, places: NDArray[np.intp], layer: str) -> Vectors:
        """Return the rows plus a convolution of their windows."""
        padded = np.concatenate((rows, np.zeros((1, rows.shape[1]), np.float32)))
        windows = padded.take(places, 0).reshape(len(rows), -1)
        convolved: Vectors = windows @ self.arrays[layer] + self.arrays[f"{layer}.bias"]
        np.maximum(convolved, 0, out=convolved)
        convolved += rows
        return convolved

    def _normalized(self, rows: Vectors, layer: str) -> Vectors:
        return layer_norm(rows, self.arrays[f"{layer}.gain"], self.arrays[f"{layer}.shift"])

    def _output(self, pooled: Vectors) -> Vectors:
        a = self.arrays
        hidden = np.maximum(np.maximum(pooled @ a["d0"], 0) @ a["d1"] + pooled @ a["p1"], 0)
        vectors = np.tanh(np.maximum(hidden @ a["d2"], 0) @ a["d3"] + hidden @ a["p3"])
        lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
        return np.asarray(vectors / lengths[:, None], np.float32)


def _batches(texts: Sequence[Sequence[int]]) -> Iterator[tuple[int, int]]:
    """Yield the bounds of successive texts that are encoded at once."""
    start = size = 0
    for number, text in enumerate(texts):
        if size and size + len(text) > MAX_PIECES_AT_ONCE:
            yield start, number
            start, size = number, 0
        size += len(text)
    if size:
        yield start, len(texts)


def _windows(
    starts: NDArray[np.intp], lengths: NDArray[np.intp], left: int, right: int
) -> NDArray[np.intp]:
    """Return the places around each piece, shape (pieces, window); one past the last for none.

    A window ends where its text does.
    """
    count = int(lengths.sum())
    places = np.arange(count)[:, None] + np.arange(-left, right + 1)
    begin = starts.repeat(lengths)[:, None]
    end = (starts + lengths).repeat(lengths)[:, None]
    return np.where((places >= begin) & (places < end), places, count)
