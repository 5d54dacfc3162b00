"""Content codings: each decompresses, none beyond the limit, and damage is found."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest
from backports import zstd

from func.compression import MAX_STREAMS, accepts_gzip, compress, decompress
from func.errors import BadRequestError, TooLargeError, UnsupportedCodingError

CONTENT = b'{"text": "where is my parcel"}'
RAW = zlib.compressobj(wbits=-15)
CODED = {
    "gzip": gzip.compress(CONTENT),
    "deflate": zlib.compress(CONTENT),
    "raw": RAW.compress(CONTENT) + RAW.flush(),
    "zstd": zstd.compress(CONTENT),
}
LIMIT = 100_000


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        pytest.param("gzip", CODED["gzip"], id="gzip"),
        pytest.param("X-GZIP", CODED["gzip"], id="x-gzip"),
        pytest.param("deflate", CODED["deflate"], id="deflate"),
        pytest.param("deflate", CODED["raw"], id="deflate-without-its-header"),
        pytest.param(" zstd ", CODED["zstd"], id="zstd"),
    ],
)
def test_body_is_decompressed(coding, body):
    """Each coding returns the content, whatever the case of its name."""
    assert decompress(body, coding, LIMIT) == CONTENT


@pytest.mark.parametrize("coding", ["gzip", "deflate", "zstd"])
def test_streams_in_a_row_are_one_body(coding):
    """Compressors that work in blocks write a stream for each."""
    assert decompress(CODED[coding] * 3, coding, LIMIT) == CONTENT * 3


@pytest.mark.parametrize("coding", ["gzip", "deflate", "zstd"])
def test_no_body_has_no_content(coding):
    """An empty body is not damaged: the contract says what it lacks."""
    assert decompress(b"", coding, LIMIT) == b""


@pytest.mark.parametrize("coding", ["br", "gzip, gzip", "compress"])
def test_other_codings_are_refused(coding):
    """The error lists the codings, as text and as a header."""
    with pytest.raises(UnsupportedCodingError, match="must be gzip, deflate, zstd") as caught:
        decompress(CONTENT, coding, LIMIT)

    assert caught.value.headers == (("Accept-Encoding", "gzip, deflate, zstd"),)


@pytest.mark.parametrize(
    ("coding", "compressor"),
    [
        pytest.param("gzip", gzip.compress, id="gzip"),
        pytest.param("deflate", zlib.compress, id="deflate"),
        pytest.param("zstd", zstd.compress, id="zstd"),
    ],
)
def test_bomb_is_cut_off_at_the_limit(coding, compressor):
    """A small body of much content takes no more memory than the limit allows."""
    bomb = compressor(bytes(50_000_000))
    tracemalloc.start()
    with pytest.raises(TooLargeError, match="at most 100000 bytes when decompressed"):
        decompress(bomb, coding, LIMIT)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 10 * LIMIT


def test_limit_is_one_of_all_streams_together():
    """Many small streams are a bomb as well."""
    assert len(decompress(gzip.compress(bytes(LIMIT)), "gzip", LIMIT)) == LIMIT
    with pytest.raises(TooLargeError):
        decompress(gzip.compress(bytes(LIMIT // 2)) * 3, "gzip", LIMIT)


@pytest.mark.parametrize(
    ("coding", "stream"),
    [
        pytest.param("gzip", gzip.compress(b""), id="gzip"),
        pytest.param("deflate", zlib.compress(b""), id="deflate"),
        pytest.param("deflate", b"\x03\x00", id="deflate-without-its-header"),
        pytest.param("zstd", zstd.compress(b""), id="zstd"),
    ],
)
def test_streams_have_a_limit_of_number(coding, stream):
    """Each costs a copy of the body behind it: empty ones without end would take seconds."""
    assert decompress(stream * MAX_STREAMS, coding, LIMIT) == b""
    with pytest.raises(BadRequestError, match=f"at most {MAX_STREAMS} streams"):
        decompress(stream * (MAX_STREAMS + 1), coding, LIMIT)


def test_window_larger_than_receivers_must_support_is_refused():
    """A frame of zstd can ask for any amount of memory before its first byte."""
    options = {int(zstd.CompressionParameter.window_log): 27}
    compressor = zstd.ZstdCompressor(options=options)
    frame = compressor.compress(bytes(1000)) + compressor.flush()

    with pytest.raises(BadRequestError, match="not valid"):
        decompress(frame, "zstd", LIMIT)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "raw", "zstd"])
def test_damaged_bodies_are_bad_requests(coding):
    """Cut off or no such stream at all: the error says which."""
    name = "deflate" if coding == "raw" else coding
    with pytest.raises(BadRequestError, match="ended early"):
        decompress(CODED[coding][:-3], name, LIMIT)
    with pytest.raises(BadRequestError, match="not valid in its Content-Encoding"):
        decompress(b"\xff" + CODED[coding], name, LIMIT)


@pytest.mark.parametrize(
    ("header", "is_accepted"),
    [
        pytest.param("gzip", True, id="gzip"),
        pytest.param("br, GZIP;q=0.5", True, id="weight"),
        pytest.param("deflate, *", True, id="any"),
        pytest.param("", False, id="nothing"),
        pytest.param("br", False, id="another"),
        pytest.param("gzip;q=0, *", False, id="forbidden"),
        pytest.param("gzip;q=0.000", False, id="forbidden-in-full"),
        pytest.param("gzip;q=x", False, id="malformed"),
        pytest.param(f"gzip{',br' * 84}", True, id="long"),
        pytest.param(f"gzip{',br' * 85}", False, id="too-long"),
    ],
)
def test_gzip_is_accepted_by_its_weight(header, is_accepted):
    """A weight of 0 forbids a coding; what is malformed allows nothing."""
    assert accepts_gzip(header) is is_accepted


def test_compressed_bodies_decompress():
    """Responses are in the coding that they say."""
    assert gzip.decompress(compress(CONTENT)) == CONTENT
