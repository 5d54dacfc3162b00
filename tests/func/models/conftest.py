"""Fixtures: published models in a store, and sources that tests control."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from model.store.folder import FolderTransport
from model.store.model_files import ModelFiles, push
from model.store.pointers import first_pointer, read_pointer, write_pointer


class PublishedModels:
    """A folder of published models."""

    def __init__(self, folder: Path, files: ModelFiles) -> None:
        self.folder = folder
        self._transport = FolderTransport(folder)
        self._files = files

    def version(self, threshold: float | None) -> ModelFiles:
        """Return the small model with another threshold."""
        contents = dict(self._files.contents)
        card = json.loads(contents["model_card.json"]) | {"threshold": threshold}
        contents["model_card.json"] = json.dumps(card).encode()
        return ModelFiles("memory", contents, self._files.encoder)

    def publish(self, name: str, threshold: float | None = None) -> str:
        """Publish the small model with a threshold; return its digest."""
        files = self.version(threshold)
        push(files, self._transport)
        pointer = read_pointer(self._transport, "store", name)
        following = pointer.followed_by(files.digest) if pointer else first_pointer(files.digest)
        write_pointer(self._transport, name, following)
        return files.digest

    def break_blobs(self) -> None:
        """Damage each stored file."""
        for path in (self.folder / "blobs" / "sha256").iterdir():
            path.write_bytes(bytes(path.stat().st_size))

    def remove(self, name: str) -> None:
        """Take a name back."""
        (self.folder / name / "current.json").unlink()


@pytest.fixture
def published(tmp_path: Path, small_files: ModelFiles) -> PublishedModels:
    """An empty store in a folder."""
    return PublishedModels(tmp_path / "models", small_files)


class Tasks(list[Callable[[], None]]):
    """Functions that other threads would call."""

    def submit(self, task: Callable[[], None]) -> None:
        """Add a function."""
        self.append(task)

    def withdraw(self, task: Callable[[], None]) -> None:
        """Drop a function, unless it was taken."""
        with suppress(ValueError):
            self.remove(task)


@pytest.fixture
def tasks() -> Tasks:
    """Functions that other threads would call, and that a test calls."""
    return Tasks()
