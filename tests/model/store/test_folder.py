from __future__ import annotations

import errno
import os

import pytest

from model.errors import StoreError, StoreMissingError
from model.store.folder import FolderTransport


def test_a_file_is_written_and_read_from_an_offset(tmp_path):
    """A folder is made where it is needed."""
    store = FolderTransport(tmp_path / "new")
    assert store.put("blobs/sha256/x", b"0123456789")
    assert b"".join(store.open("blobs/sha256/x", 4)) == b"456789"


def test_an_existing_file_stays_unless_it_is_replaced(tmp_path):
    """Files by digest are written once; pointers are replaced."""
    store = FolderTransport(tmp_path)
    store.put("key", b"old")
    assert not store.put("key", b"new")
    assert b"".join(store.open("key", 0)) == b"old"
    assert store.put("key", b"new", replace=True)
    assert b"".join(store.open("key", 0)) == b"new"


def test_a_missing_file_is_named(tmp_path):
    """A file that does not exist is an error of its own, so that a caller can tell it apart."""
    with pytest.raises(StoreMissingError, match="key does not exist"):
        list(FolderTransport(tmp_path).open("key", 0))


def test_a_file_in_place_of_a_folder_counts_as_missing(tmp_path):
    """A store that is a file has no files."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreMissingError):
        list(FolderTransport(tmp_path / "file").open("key", 0))


def test_an_unreadable_file_is_named_with_the_reason(tmp_path):
    """The system's reason is part of the error."""
    (tmp_path / "key").mkdir()
    with pytest.raises(StoreError, match="key can't be read: Is a directory"):
        list(FolderTransport(tmp_path).open("key", 0))


def test_a_full_disk_leaves_no_part_of_a_file(tmp_path, monkeypatch):
    """A write that fails is an error with the reason, and nothing stays."""

    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(StoreError, match="key can't be written: No space left on device"):
        FolderTransport(tmp_path).put("key", b"content")
    assert not list(tmp_path.iterdir())


def test_a_pipe_is_no_file_to_wait_for(tmp_path):
    """Who may write one folder of a store must not be able to hold up its readers."""
    os.mkfifo(tmp_path / "key")
    with pytest.raises(StoreError, match="key can't be read: it is no file"):
        list(FolderTransport(tmp_path).open("key", 0))
