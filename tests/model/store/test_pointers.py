from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.errors import StoreError
from model.store.folder import FolderTransport
from model.store.pointers import (
    MAX_PREVIOUS,
    Pointer,
    Version,
    first_pointer,
    is_valid_name,
    key_of_pointer,
    read_pointer,
    write_pointer,
)

DIGESTS = [f"{number:064x}" for number in range(30)]


def test_a_pointer_is_read_as_it_was_written(tmp_path):
    """A published pointer holds its versions, the newest first."""
    pointer = first_pointer(DIGESTS[0]).followed_by(DIGESTS[1])
    write_pointer(FolderTransport(tmp_path), "acme", pointer)
    assert read_pointer(FolderTransport(tmp_path), str(tmp_path), "acme") == pointer
    stored = json.loads((tmp_path / "acme" / "current.json").read_bytes())
    assert stored["digest"] == f"sha256:{DIGESTS[1]}"
    assert [version["digest"] for version in stored["previous"]] == [f"sha256:{DIGESTS[0]}"]


def test_a_name_without_a_pointer_is_none(tmp_path):
    """Nothing is published under a new name."""
    assert read_pointer(FolderTransport(tmp_path), str(tmp_path), "acme") is None


def test_a_rollback_returns_to_the_version_before():
    """Each rollback goes one version back, until none is left."""
    pointer = first_pointer(DIGESTS[0]).followed_by(DIGESTS[1]).followed_by(DIGESTS[2])
    once = pointer.rolled_back()
    assert once
    twice = once.rolled_back()
    assert twice
    assert [once.current.digest, twice.current.digest] == [DIGESTS[1], DIGESTS[0]]
    assert twice.rolled_back() is None


def test_a_pointer_keeps_a_bounded_number_of_versions():
    """The oldest versions are forgotten."""
    pointer = first_pointer(DIGESTS[0])
    for digest in DIGESTS[1:]:
        pointer = pointer.followed_by(digest)
    assert len(pointer.previous) == MAX_PREVIOUS


def test_a_pointer_without_history_is_read():
    """A pointer that another program writes needs a digest and a time."""
    content = json.dumps({"digest": DIGESTS[3], "time": "2026-11-28T12:00:00Z"}).encode()
    assert Pointer.from_json(content, "s3://b") == Pointer(
        Version(DIGESTS[3], "2026-11-28T12:00:00Z")
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b'{"digest": "sha256:../x", "time": ""}',
        b'{"digest": "%s"}' % DIGESTS[0].encode(),
        b'{"digest": "%s", "time": "", "previous": 1}' % DIGESTS[0].encode(),
        b'{"digest": "%s", "time": "", "previous": [1]}' % DIGESTS[0].encode(),
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_other_content_is_refused(content):
    """Content that is no pointer is an error that names its place."""
    with pytest.raises(StoreError, match="s3://b is no pointer to a model"):
        Pointer.from_json(content, "s3://b")


@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.text() | st.integers(),
        lambda each: (
            st.lists(each) | st.dictionaries(st.sampled_from(["digest", "time", "previous"]), each)
        ),
    ).map(lambda value: json.dumps(value).encode())
)
@settings(max_examples=60)
def test_any_content_is_a_pointer_or_a_store_error(content):
    """No content of a pointer raises anything else."""
    try:
        pointer = Pointer.from_json(content, "s3://b")
    except StoreError:
        return
    assert Pointer.from_json(pointer.to_json(), "s3://b") == pointer


@pytest.mark.parametrize("name", ["acme", "a", "Acme-2.de_x", "0", "a" * 128])
def test_names_of_letters_digits_and_marks_are_valid(name):
    """A name becomes a folder of the store."""
    assert is_valid_name(name)
    assert key_of_pointer(name) == f"{name}/current.json"


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../x",
        "a/b",
        "a\\b",
        ".hidden",
        "-x",
        "a\n",
        "a\0",
        "ä",
        "%2e",
        "a" * 129,
        "blobs",
        "manifests",
    ],
)
def test_other_names_are_not_valid(name):
    """A name can neither leave the store nor name its own folders."""
    assert not is_valid_name(name)
    with pytest.raises(ValueError, match="The name of a model is not valid"):
        key_of_pointer(name)
