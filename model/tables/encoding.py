"""Read text files of several encodings and line endings as UTF-8 with LF or CRLF."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from io import SEEK_SET, BufferedReader, BytesIO, RawIOBase
from typing import Any, BinaryIO

BLOCK_BYTES = 1024 * 1024
HEAD_BYTES = 65_536
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
UTF16_LE, UTF16_BE = "utf-16-le", "utf-16-be"
# Of a file in UTF-16: half of each separator, of which a text has at least one in a hundred
# characters. A stray zero byte in UTF-8 is none.
MIN_ZEROS = 4
MIN_UTF16_ZEROS = 0.25  # of the bytes of English and the like
MAX_PAIRS_PER_SEPARATOR = 1.25  # of its two bytes, at any place
MIN_SEPARATOR_SHARE = 0.01
SEPARATORS = "\n\r\t, "
WINDOWS = "cp1252"
# Those that spreadsheets write, by the names that their users know. With KOI8-R among them, small
# files in Windows-1251 would be taken for it.
OTHER_SCRIPTS = {
    "cp1251": "Windows-1251",
    "cp1253": "Windows-1253",
    "cp1255": "Windows-1255",
    "cp1256": "Windows-1256",
    "cp874": "Windows-874",
    "cp932": "Shift-JIS",
    "euc_jp": "EUC-JP",
    "gb18030": "GB18030",
    "big5": "Big5",
    "cp949": "EUC-KR",
}
HIGH_BYTES = bytes(range(0x80, 0x100))
MAX_WORDS = 500
MIN_HIGH_BYTES, MIN_HIGH_SHARE = 20, 0.5
LEGACY_NOTE = "is not UTF-8; read as {}. If that is wrong, save the file as UTF-8"
UTF16_NOTE = "has no byte order mark; read as {}. If that is wrong, save the file as UTF-8"
# Of the bytes of a damaged file in UTF-8, nearly all are in valid characters; in other encodings,
# few look like them by chance.
MAX_UTF8_SHARE = 0.5

_WORD = re.compile(rb'[^\s,;"]+')  # no second byte of a character is one of these
_MULTIBYTE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]{2}|[\xf1-\xf4][\x80-\xbf]{3}"
    rb"|\xe0[\xa0-\xbf][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}"
)
_utf8_decoder = codecs.getincrementaldecoder("utf-8")
_CONTROL = re.compile(rb"[\x01-\x08\x0e-\x1f]")
_NOT_WINDOWS = re.compile(rb"[\x00\x81\x8d\x8f\x90\x9d]")


@dataclass(frozen=True, slots=True)
class Encoding:
    """The encoding of a text file.

    Attributes:
        name: Python's name of it.
        has_bare_returns: whether lines end in a carriage return alone.
        note: a sentence for the user where the encoding is not certain.
    """

    name: str = "utf-8"
    has_bare_returns: bool = False
    note: str | None = None

    @property
    def is_utf16(self) -> bool:
        """Return whether it is UTF-16 of any byte order."""
        return self.name.startswith("utf-16")

    @property
    def is_plain(self) -> bool:
        """Return whether the file's bytes can be read without conversion."""
        return self.name == "utf-8" and not self.has_bare_returns


def detect_encoding(file: BinaryIO) -> Encoding:
    """Return the encoding of a seekable file, and leave the file at its beginning.

    A byte order mark decides. Without one, separators with a zero byte each are UTF-16. Otherwise
    the file is UTF-8, unless some bytes are invalid. Then it is in the likeliest legacy encoding of
    a script other than Latin, or, if none of its bytes form a multibyte UTF-8 character, in
    Windows-1252. Where there is no mark, another encoding than UTF-8 has a note.
    """
    head = file.read(HEAD_BYTES)
    file.seek(0)
    encoding = encoding_of_head(head)
    if encoding.name == "utf-8" and not _is_utf8(file, head):
        encoding = _legacy_encoding(file, head) or encoding
    text = head.decode(encoding.name, "replace")
    return replace(encoding, has_bare_returns="\r" in text and "\n" not in text)


def encoding_of_head(head: bytes) -> Encoding:
    """Return the encoding by the first bytes of a file: UTF-16 or UTF-8."""
    if head[:2] in BYTE_ORDER_MARKS:
        return Encoding(BYTE_ORDER_MARKS[head[:2]])
    if head.count(0) < MIN_ZEROS or _is_utf8_with_zeros(head):
        return Encoding()
    texts = {name: head.decode(name, "replace") for name in (UTF16_LE, UTF16_BE)}
    counts = {name: sum(map(text.count, SEPARATORS)) for name, text in texts.items()}
    name = max(counts, key=counts.__getitem__)
    # Binary files hold zero bytes as well, but several in a row, and texts with single ones have
    # them at even and odd places.
    pairs = sum(head.count(separator.encode(name)) for separator in SEPARATORS)
    is_text = "\0" not in texts[name] and pairs <= MAX_PAIRS_PER_SEPARATOR * counts[name]
    if is_text and counts[name] >= MIN_SEPARATOR_SHARE * len(texts[name]):
        return Encoding(name, note=UTF16_NOTE.format(name.upper()))
    return Encoding()


def _is_utf8_with_zeros(head: bytes) -> bool:
    """Return whether a text with zero bytes is UTF-8: they are few, without other controls.

    In UTF-16, half the bytes of English are zero, and those of other scripts are such controls, or
    seldom valid in UTF-8.
    """
    are_few = head.count(0) < MIN_UTF16_ZEROS * len(head)
    return are_few and not _CONTROL.search(head) and _decodes(_utf8_decoder(), head)


def decode_text(content: bytes) -> tuple[str, Encoding]:
    """Return a whole file's text without its byte order mark, and its encoding.

    Bytes that are not valid become lone surrogates.
    """
    encoding = detect_encoding(BytesIO(content))
    errors = "surrogatepass" if encoding.is_utf16 else "surrogateescape"
    try:
        text = content.decode(encoding.name, errors)
    except UnicodeDecodeError:  # half a code unit at the end of UTF-16
        text = content[:-1].decode(encoding.name, errors)
    return text.removeprefix("\ufeff"), encoding


def as_utf8(file: BinaryIO, encoding: Encoding) -> BinaryIO:
    """Return a file that reads as UTF-8; offsets count the converted bytes."""
    if encoding.is_plain:
        return file
    return BufferedReader(_Utf8Stream(file, encoding), BLOCK_BYTES)


def _is_utf8(file: BinaryIO, head: bytes) -> bool:
    """Return whether a file is UTF-8, damaged lines aside, and leave it at its beginning."""
    has_utf8 = _MULTIBYTE.search(head) is not None  # as nearly all files that are not ASCII
    is_valid = _decodes(_utf8_decoder(), head)
    return (has_utf8 and is_valid) or _is_valid(file, "utf-8")


def _legacy_encoding(file: BinaryIO, head: bytes) -> Encoding | None:
    """Return the encoding of a file that is not UTF-8, and leave it at its beginning.

    None if it is of no encoding as a whole: its lines are judged one by one. Of Latin letters, the
    bytes alone do not tell one encoding from another: they are Windows-1252.
    """
    name = _other_script_encoding(head)
    if name is not None:
        note = LEGACY_NOTE.format(OTHER_SCRIPTS[name])
        return Encoding(name, note=note) if _is_valid(file, name) else None
    if _could_be_windows(file):
        return Encoding(WINDOWS, note=LEGACY_NOTE.format("Windows-1252"))
    return None


def _other_script_encoding(head: bytes) -> str | None:
    """Return the likeliest encoding of a text that is not in Latin letters; None for others."""
    # Most files are UTF-8, and are read without this import.
    from charset_normalizer import from_bytes  # noqa: PLC0415

    found = _WORD.findall(head)
    whole = found if len(head) < HEAD_BYTES else found[:-1]  # the last one may be cut
    # The names of intents are often English, and signs such as € and words such as à stand alone.
    words = [word for word in whole if len(word) > 1 and not word.isascii()]
    sample = b" ".join(words[:MAX_WORDS])
    high = len(sample) - len(sample.translate(None, HIGH_BYTES))
    if high < max(MIN_HIGH_BYTES, MIN_HIGH_SHARE * len(sample)):  # Latin words have few
        return None
    if sum(map(len, _MULTIBYTE.findall(sample))) > MAX_UTF8_SHARE * high:
        return None
    likeliest = from_bytes(sample, cp_isolation=[WINDOWS, *OTHER_SCRIPTS]).best()
    return likeliest.encoding if likeliest and likeliest.encoding != WINDOWS else None


def _is_valid(file: BinaryIO, encoding: str) -> bool:
    """Return whether all bytes of a file are of an encoding, and leave it at its beginning."""
    decoder = codecs.getincrementaldecoder(encoding)()
    return _pass(file, partial(_decodes, decoder)) and _decodes(decoder, b"", final=True)


def _could_be_windows(file: BinaryIO) -> bool:
    """Return whether no byte speaks against Windows-1252, and leave the file at its beginning."""
    return _pass(file, lambda block: not (_MULTIBYTE.search(block) or _NOT_WINDOWS.search(block)))


def _pass(file: BinaryIO, check: Callable[[bytes], bool]) -> bool:
    """Return whether all blocks of a file pass a check, and leave it at its beginning."""
    do_pass = all(map(check, iter(partial(file.read, BLOCK_BYTES), b"")))
    file.seek(0)
    return do_pass


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


class _Utf8Stream(RawIOBase):
    """Converts a file to UTF-8 as it is read."""

    def __init__(self, file: BinaryIO, encoding: Encoding) -> None:
        self._file, self._encoding = file, encoding
        self._start()

    def _start(self) -> None:
        self._offset, self._converted, self._is_over = 0, b"", False
        self._decoder = codecs.getincrementaldecoder(self._encoding.name)(
            "surrogatepass" if self._encoding.is_utf16 else "replace"
        )

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        """Return True: an earlier position is reached by converting again."""
        return True

    def tell(self) -> int:
        return self._offset

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        """Go to an offset from the beginning."""
        del whence
        self._file.seek(0)
        self._start()
        while self._offset < offset and self._take(offset - self._offset):
            pass
        return self._offset

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        piece = self._take(len(view))
        view[: len(piece)] = piece
        return len(piece)

    def _take(self, size: int) -> bytes:
        while not self._converted and not self._is_over:
            self._convert(self._file.read(BLOCK_BYTES))
        piece, self._converted = self._converted[:size], self._converted[size:]
        self._offset += len(piece)
        return piece

    def _convert(self, block: bytes) -> None:
        self._is_over = not block
        try:
            text = self._decoder.decode(block, self._is_over)
        except UnicodeDecodeError:  # half a code unit at the end of UTF-16
            text = "\ufffd"
        if self._encoding.has_bare_returns:
            text = text.replace("\r", "\n")
        self._converted = text.encode("utf-8", "surrogatepass")
