"""all-MiniLM-L6-v2, as its wheel stores it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.inference.encoders.transformer import HEAD_DIMENSIONS, MAX_TOKENS
from model.inference.safetensors_file import METADATA, header_of, view_of
from model.learning.quantization import in_8_bits

Arrays = dict[str, NDArray[Any]]

LAYERS = 6
READ_LAYERS = (3, 5)  # the fourth and the last one; chosen on validation data


def read(weights: bytes, vocabulary: bytes) -> Arrays:
    """Return the arrays that ``TransformerEncoder`` takes.

    Args:
        weights: the safetensors file.
        vocabulary: the pieces, one a line.
    """
    stored = _arrays_of(weights)
    units, scales = in_8_bits(stored["embeddings.word_embeddings.weight"])
    positions = stored["embeddings.position_embeddings.weight"][:MAX_TOKENS]
    arrays = {
        "pieces": np.frombuffer(vocabulary.rstrip(b"\n"), np.uint8),
        "table": units,
        "scales": scales,
        "positions": positions + stored["embeddings.token_type_embeddings.weight"][0],
        "read_layers": np.array(READ_LAYERS, np.uint8),
        "embedding.gain": stored["embeddings.LayerNorm.weight"],
        "embedding.shift": stored["embeddings.LayerNorm.bias"],
    }
    for number in range(LAYERS):
        arrays |= _layer(stored, number)
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}


def _arrays_of(content: bytes) -> Arrays:
    """Return the arrays in single precision of a safetensors file without a seal."""
    header, start = header_of(content)
    entries = json.loads(header)
    entries.pop(METADATA, None)
    body = memoryview(content)[start:]
    return {n: view_of(body, entry) for n, entry in entries.items() if entry["dtype"] == "F32"}


def _layer(stored: Mapping[str, NDArray[Any]], number: int) -> Arrays:
    prefix = f"encoder.layer.{number}"
    parts = [f"{prefix}.attention.self.{name}" for name in ("query", "key", "value")]
    weights = [stored[f"{part}.weight"].T for part in parts]
    biases = [stored[f"{part}.bias"] for part in parts]
    # The scores' division by the root of the dimensions becomes a part of the query.
    root = np.float32(np.sqrt(HEAD_DIMENSIONS))
    weights[0], biases[0] = weights[0] / root, biases[0] / root
    arrays = {
        f"{number}.attention": np.hstack(weights),
        f"{number}.attention.bias": np.hstack(biases),
    }
    dense = {"mixing": "attention.output", "growing": "intermediate", "shrinking": "output"}
    for name, source in dense.items():
        arrays[f"{number}.{name}"] = stored[f"{prefix}.{source}.dense.weight"].T
        arrays[f"{number}.{name}.bias"] = stored[f"{prefix}.{source}.dense.bias"]
    for name in ("mixing", "shrinking"):
        source = f"{prefix}.{dense[name]}.LayerNorm"
        arrays[f"{number}.{name}.gain"] = stored[f"{source}.weight"]
        arrays[f"{number}.{name}.shift"] = stored[f"{source}.bias"]
    return arrays
