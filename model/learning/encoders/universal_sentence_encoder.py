"""The multilingual Universal Sentence Encoder, as its wheel stores it."""

from __future__ import annotations

from collections.abc import Collection
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.inference.encoders.unigram import WORD_START
from model.inference.ngram_trie import NgramTrie
from model.learning.encoders.languages import can_spell
from model.learning.encoders.sentencepiece_model import pieces_of

Arrays = dict[str, NDArray[Any]]

# The branches of convolutions, by the number of pieces that each sees, as the file names them.
BRANCHES = (2, 3, 5)
SPECIAL_PIECES = 3  # unknown, begin, end
CHUNKS = 17  # of the table: row r lies in chunk r modulo 17


def read(model: bytes, weights: bytes, languages: Collection[str]) -> Arrays:
    """Return the arrays that ``ConvolutionalEncoder`` takes.

    Args:
        model: the SentencePiece model.
        weights: the NPZ file.
        languages: pieces that none of them can spell are left out, if there are any languages.
            Single characters are always kept.
    """
    every = list(pieces_of(model))
    kept = np.array([n for n, (piece, _) in enumerate(every) if _is_kept(n, piece, languages)])
    characters, trie = NgramTrie.of([every[number][0] for number in kept])
    with np.load(BytesIO(weights), allow_pickle=False) as file:
        stored = {name: file[name] for name in file.files}
    chunks = kept % CHUNKS
    table = np.stack([stored[f"q{chunk + 1}"] for chunk in range(CHUNKS)], axis=1)
    arrays = {
        "characters": np.frombuffer("".join(characters).encode(), np.uint8),
        "keys": trie.keys,
        "columns": trie.columns,
        "scores": np.array([every[number][1] for number in kept], np.float32),
        "table": table.reshape(-1, table.shape[-1])[kept],
        "row_scale": stored["scale"][chunks],
        "row_offset": stored["lo"][chunks],
        "projection": np.hstack([stored[f"proj{branch}"] for branch in BRANCHES]),
        "projection.bias": np.hstack([stored[f"proj_b{branch}"] for branch in BRANCHES]),
        "branches.gain": np.hstack([stored[f"ln_g{branch}"] for branch in BRANCHES]),
        "branches.shift": np.hstack([stored[f"ln_b{branch}"] for branch in BRANCHES]),
        "features.gain": stored["ln_g"],
        "features.shift": stored["ln_b"],
        "pooling": stored["cnn_W"],
        "pooling.bias": stored["cnn_b"],
    }
    for number, branch in enumerate(BRANCHES):
        for name, layer in (("first", 1), ("second", 2)):
            arrays[f"{name}.{number}"] = stored[f"w{layer}_{branch}"]
            arrays[f"{name}.{number}.bias"] = stored[f"b{layer}_{branch}"]
    arrays |= {name: stored[name] for name in ("d0", "d1", "d2", "d3", "p1", "p3")}
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}


def _is_kept(number: int, piece: str, languages: Collection[str]) -> bool:
    is_short = number < SPECIAL_PIECES or len(piece.lstrip(WORD_START)) <= 1
    return not languages or is_short or can_spell(piece, languages)
