"""Sentence encoders of models: one in memory for all models that name the same file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from model.errors import ArtifactBrokenError, EncoderError
from model.inference.encoders import ENCODER_NAME

if TYPE_CHECKING:  # most models have no encoder, and start faster without its code
    from model.inference.encoders.encoder_file import SentenceEncoder

# By the SHA-256 of their files. An encoder leaves with the last model that has it.
_loaded: WeakValueDictionary[str, SentenceEncoder] = WeakValueDictionary()
_locks: defaultdict[str, Lock] = defaultdict(Lock)


def encoder_in(folder: Path) -> SentenceEncoder | None:
    """Return the sentence encoder in a model's folder; None if there is none.

    Raises:
        ArtifactBrokenError: its file is damaged.
    """
    path = folder / ENCODER_NAME
    if not path.exists():
        return None
    from model.inference.encoders.encoder_file import load_encoder  # noqa: PLC0415 - see above

    try:
        return load_encoder(path)
    except EncoderError as error:
        raise ArtifactBrokenError(path, error.reason) from error


def shared_encoder(digest: str, read: Callable[[], bytes], place: str) -> SentenceEncoder:
    """Return the sentence encoder of a stored file; concurrent calls read it once.

    Args:
        digest: the SHA-256 of the file.
        read: returns the file, verified by its digest.
        place: names the model in errors.

    Raises:
        StoreError: the file can't be read.
        ArtifactBrokenError: it is no sentence encoder's.
    """
    from model.inference.encoders.encoder_file import read_encoder  # noqa: PLC0415 - see above

    with _locks[digest]:
        encoder = _loaded.get(digest)
        if encoder is None:
            try:
                encoder = read_encoder(read())
            except EncoderError as error:
                raise ArtifactBrokenError(f"{place}/{ENCODER_NAME}", error.reason) from error
            _loaded[digest] = encoder
    return encoder
