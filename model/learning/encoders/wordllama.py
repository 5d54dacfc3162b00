"""Read the static word vectors of the installed package ``wordllama``.

Only its files are read. Its code does not run, because it would download missing files.
"""

from __future__ import annotations

import json
from importlib.metadata import distribution
from pathlib import Path

import numpy as np

from model.errors import VectorsMissingError
from model.inference.static_embedding import WORD_START, Embedding
from model.learning.quantization import in_8_bits

PACKAGE = "wordllama"
VECTORS = f"{PACKAGE}/weights/l2_supercat_256.safetensors"
TOKENIZER = f"{PACKAGE}/tokenizers/l2_supercat_tokenizer_config.json"
TENSOR = "embedding.weight"
FIRST_PIECE = 259  # special tokens and single bytes come before
# See ``Embedding``; chosen on validation data.
SUMS = np.array(((1.0, 1.0), (0.5, np.exp(-1 / 4))), np.float32)


def load_embedding() -> Embedding:
    """Read the pieces of lower-case ASCII, and round their vectors to 8 bits.

    Raises:
        VectorsMissingError: the package is not installed, or its files differ from the expected.
    """
    try:
        from safetensors.numpy import load_file  # noqa: PLC0415 - optional, as the package is

        located = distribution(PACKAGE).locate_file
        vectors = load_file(str(located(VECTORS)))[TENSOR]
        tokenizer = json.loads(Path(str(located(TOKENIZER))).read_text(encoding="utf-8"))
        vocabulary: dict[str, int] = tokenizer["model"]["vocab"]
    except (ImportError, OSError, KeyError, ValueError) as error:
        raise VectorsMissingError from error
    numbers = sorted(number for piece, number in vocabulary.items() if _is_used(piece, number))
    pieces = {number: piece for piece, number in vocabulary.items()}
    units, scales = in_8_bits(vectors[numbers].astype(np.float32))
    return Embedding([pieces[number] for number in numbers], units, scales, SUMS)


def _is_used(piece: str, number: int) -> bool:
    letters = piece.removeprefix(WORD_START)
    return (
        number >= FIRST_PIECE
        and letters.isascii()
        and letters == letters.lower()
        and not any(map(str.isspace, letters))
    )
