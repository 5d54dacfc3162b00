from __future__ import annotations

import errno
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor

from model.store.cache import BlobCache

CONTENT = b"arrays"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def test_what_was_put_is_got(tmp_path):
    """A cache keeps a file under its digest, in a folder that it makes."""
    BlobCache(tmp_path / "new").put(DIGEST, CONTENT)
    assert BlobCache(tmp_path / "new").get(DIGEST) == CONTENT


def test_an_unknown_digest_is_not_there(tmp_path):
    """A file that was not put is None."""
    assert BlobCache(tmp_path).get(DIGEST) is None


def test_a_damaged_file_is_not_used(tmp_path):
    """A file that no longer has its digest counts as absent."""
    (tmp_path / DIGEST).write_bytes(b"other")
    assert BlobCache(tmp_path).get(DIGEST) is None


def test_a_pipe_is_no_file_to_wait_for(tmp_path):
    """Others may write into a folder of the node, and must not hold up a start."""
    os.mkfifo(tmp_path / DIGEST)
    assert BlobCache(tmp_path).get(DIGEST) is None


def test_an_unreadable_folder_keeps_nothing(tmp_path):
    """A cache that can't be read costs a download."""
    assert BlobCache(tmp_path / ("x" * 300)).get(DIGEST) is None


def test_without_a_folder_nothing_is_kept():
    """A cache without a folder accepts files and keeps none."""
    cache = BlobCache(None)
    cache.put(DIGEST, CONTENT)
    assert cache.get(DIGEST) is None


def contents(count: int, size: int) -> dict[str, bytes]:
    """Return different contents of one size by their digests, in order."""
    each = (bytes([number]) * size for number in range(count))
    return {hashlib.sha256(content).hexdigest(): content for content in each}


def test_files_that_were_not_used_for_longest_leave(tmp_path):
    """Kubernetes evicts a pod whose volume exceeds its limit."""
    cache, files = BlobCache(tmp_path, 1), contents(4, 400_000)
    first, second, third, fourth = files
    for age, digest in enumerate((first, second)):
        cache.put(digest, files[digest])
        os.utime(tmp_path / digest, (age, age))
    cache.get(first)
    cache.put(third, files[third])
    assert {path.name for path in tmp_path.iterdir()} == {first, third}
    cache.put(fourth, files[fourth])
    assert {path.name for path in tmp_path.iterdir()} == {third, fourth}


def test_size_holds_for_all_who_write_at_once(tmp_path):
    """Models are loaded by many threads, and more than one cache may have the folder."""
    files = contents(8, 600_000)

    def put(digest: str) -> None:
        BlobCache(tmp_path, 1).put(digest, files[digest])

    with ThreadPoolExecutor(len(files)) as pool:
        list(pool.map(put, files))

    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 2**20


def test_file_that_another_process_deletes_is_not_counted(tmp_path):
    """A process lists the files while another one makes room."""
    (tmp_path / DIGEST).symlink_to("deleted")

    [(digest, content)] = contents(1, 10).items()
    BlobCache(tmp_path).put(digest, content)

    assert BlobCache(tmp_path).get(digest) == content


def test_files_of_others_stay(tmp_path):
    """Only files that are named as those of a cache are counted and deleted."""
    (tmp_path / "notes").write_bytes(bytes(2_000_000))
    BlobCache(tmp_path, 1).put(DIGEST, CONTENT)
    assert {path.name for path in tmp_path.iterdir()} == {"notes", DIGEST}


def test_a_file_larger_than_the_cache_is_not_kept(tmp_path):
    """All others would leave for it."""
    cache = BlobCache(tmp_path, 1)
    cache.put(DIGEST, CONTENT)
    [(digest, content)] = contents(1, 2_000_000).items()
    cache.put(digest, content)
    assert cache.get(digest) is None
    assert cache.get(DIGEST) == CONTENT


def test_a_full_disk_is_logged_and_leaves_nothing(tmp_path, monkeypatch, caplog):
    """Without room for the file, the model is served all the same, and no part of it stays."""

    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", fail)
    BlobCache(tmp_path).put(DIGEST, CONTENT)
    assert not list(tmp_path.iterdir())
    [message] = caplog.messages
    assert message == (
        f"MODEL_CACHE_DIR={tmp_path} can't be written (No space left on device): "
        "this model is not kept there"
    )
