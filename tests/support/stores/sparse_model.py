"""A model whose file lists its non-zero weights, as that of a large model does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from model.inference.compiled_pipeline import COMPILED_NAME, CompiledPipeline
from model.store.model_files import ModelFiles


def with_sparse_weights(pipeline: CompiledPipeline) -> CompiledPipeline:
    """Return a pipeline with its table of weights as a list."""
    arrays = dict(pipeline.arrays)
    table = arrays.pop("weights")
    rows, labels = table.nonzero()
    counts = np.bincount(rows, minlength=len(table))
    arrays["weights.starts"] = np.append(0, counts.cumsum()).astype(np.uint32)
    arrays["weights.labels"] = labels.astype(np.uint8)
    arrays["weights.values"] = table[rows, labels]
    return replace(pipeline, arrays=arrays)


def sparse_files(files: ModelFiles, model_sha256: str) -> ModelFiles:
    """Return the files of a model with such weights."""
    content = files.contents[COMPILED_NAME]
    pipeline = CompiledPipeline.from_bytes(content, model_sha256=model_sha256)
    sparse = with_sparse_weights(pipeline).to_bytes(model_sha256=model_sha256)
    return replace(files, contents={**files.contents, COMPILED_NAME: sparse})
