from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from model.inference.safetensors_file import ArrayFile

ARRAYS = {
    "bytes": np.arange(5, dtype=np.uint8),
    "signed": np.array([-3, 4], np.int8),
    "doubles": np.array([[0.5, -1.0], [2.0, np.pi]]),
    "none": np.zeros((0, 3), np.float32),
}
CONTENT = ArrayFile(ARRAYS, {"what": "a tést"}).to_bytes()


def test_arrays_and_metadata_survive():
    """Names, types, shapes, values and metadata survive writing and reading."""
    file = ArrayFile.from_bytes(CONTENT)

    assert file.metadata["what"] == "a tést"
    assert file.arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(file.arrays[name], array, strict=True)


def test_arrays_are_views_of_the_content():
    """Arrays are read without a copy, aligned, and can't be written to."""
    doubles = ArrayFile.from_bytes(CONTENT).arrays["doubles"]

    assert not doubles.flags.owndata
    assert not doubles.flags.writeable
    assert doubles.flags.aligned


@pytest.mark.parametrize("place", range(len(CONTENT)))
def test_any_flipped_byte_is_noticed(place):
    """No byte can change without an error."""
    damaged = bytearray(CONTENT)
    damaged[place] ^= 0x10

    with pytest.raises(ValueError, match=r".+"):
        ArrayFile.from_bytes(bytes(damaged))


def test_a_verified_content_needs_no_right_seal():
    """A digest has vouched for it already."""
    seal = ArrayFile.from_bytes(CONTENT).metadata["sha256"].encode()
    file = ArrayFile.from_bytes(CONTENT.replace(seal, b"0" * 64), is_verified=True)

    assert file.arrays.keys() == ArrayFile.from_bytes(CONTENT).arrays.keys()


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 100, len(CONTENT) - 1])
def test_truncated_file_is_noticed(length):
    """A file that was cut is an error."""
    with pytest.raises(ValueError, match=r".+"):
        ArrayFile.from_bytes(CONTENT[:length])


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("[]", id="no-object"),
        pytest.param("{}", id="no-metadata"),
        pytest.param('{"__metadata__": {}}', id="no-seal"),
        pytest.param('{"__metadata__": []}', id="metadata-no-object"),
        pytest.param("[" * 100_000, id="nested"),
    ],
)
def test_foreign_file_is_refused(header):
    """A file that is not ours is an error, whatever its header holds."""
    content = len(header).to_bytes(8, "little") + header.encode()

    with pytest.raises(ValueError, match=r".+"):
        ArrayFile.from_bytes(content)


@pytest.mark.parametrize("metadata", ["1", "null", '"format"', "[1]"])
def test_metadata_that_are_no_object_are_refused(metadata):
    """A digest vouches for who has published a file, and for no format."""
    header = f'{{"__metadata__": {metadata}}}'
    content = len(header).to_bytes(8, "little") + header.encode()

    with pytest.raises(ValueError, match=r".+"):
        ArrayFile.from_bytes(content, is_verified=True)


def test_array_outside_of_the_file_is_refused():
    """Offsets that lie outside of the file are an error even under a right seal."""
    header = json.loads(CONTENT[8 : 8 + int.from_bytes(CONTENT[:8], "little")])
    header["doubles"]["data_offsets"] = [0, 10_000]
    header["__metadata__"]["sha256"] = "0" * 64
    encoded = json.dumps(header).encode()
    unsealed = len(encoded).to_bytes(8, "little") + encoded
    seal = hashlib.sha256(unsealed).hexdigest()

    with pytest.raises(ValueError, match="outside"):
        ArrayFile.from_bytes(unsealed.replace(b"0" * 64, seal.encode(), 1))
