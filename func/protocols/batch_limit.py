"""The limit of how much one request may ask for."""

from __future__ import annotations

from func.errors import TooLargeError
from func.settings import Settings


def check_batch_size(size: int, settings: Settings, name: str, unit: str = "texts") -> None:
    """Check the size of a batch; errors call the batch ``name`` and its parts ``unit``.

    Raises:
        TooLargeError: the batch has more parts than ``MAX_BATCH_SIZE``.
    """
    if size > settings.max_batch_size:
        raise TooLargeError(f"{name} must hold at most {settings.max_batch_size} {unit}")
