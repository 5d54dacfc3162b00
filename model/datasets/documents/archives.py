"""Unpack archives into memory: ZIP, compressed tar files, and single compressed files."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from model.datasets.entry import DESCRIPTIONS
from model.errors import DataError, Problem, one_line
from model.tables.opening import SPREADSHEETS

SUFFIXES = (
    *(".yml", ".yaml", ".md", ".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".txt", ".tab"),
    *(".psv", ".parquet", ".arrow", ".feather", ".lu", ".intent", ".vf"),
    *(f".{each}" for each in SPREADSHEETS),
)
# Of bzip2, the block size and the first block, or the end, follow the letters.
_BZIP2 = [
    b"BZh%d%b" % (size, start) for size in range(1, 10) for start in (b"1AY&SY", b"\x17rE8P\x90")
]
# Of slot filling; the second one is read beside the first.
TEXTS, INTENTS = "seq.in", "label"
# By the first bytes of a file.
COMPRESSIONS: Mapping[bytes, Callable[[Path], Any]] = {
    b"\x1f\x8b": gzip.open,
    **dict.fromkeys(_BZIP2, bz2.open),
    b"\xfd7zXZ": lzma.open,
}
COMPRESSED = (".gz", ".bz2", ".xz")
UNREAD_ARCHIVES = {b"\x28\xb5\x2f\xfd": ".zst", b"7z\xbc\xaf": ".7z", b"Rar!\x1a\x07": ".rar"}
ARCHIVES = (".zip", ".tgz", ".bpz", ".tar", *COMPRESSED, *UNREAD_ARCHIVES.values())
# Not read, and named where they lie beside data.
OTHER_DATA = (".pkl", ".pickle", ".xlsb", ".numbers", ".avro", ".orc", ".xml")
MAX_UNPACKED_BYTES = 1024**3
ZIP_MAGIC = b"PK\x03\x04"
SPREADSHEET_MEMBERS = {"[Content_Types].xml", "mimetype"}
# zipfile and tarfile let the errors of the decompressors and of damaged names through.
BROKEN = (
    *(OSError, EOFError, ValueError, RuntimeError, NotImplementedError),
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError),
)


def is_listed(name: Path) -> bool:
    """Return whether a file of a folder or an archive is read, or named as left out."""
    is_hidden = any(part.startswith((".", "__MACOSX", "~$")) for part in name.parts)
    is_data = name.suffix.lower() in SUFFIXES + ARCHIVES + OTHER_DATA and name.name != DESCRIPTIONS
    return (is_data or name.name == TEXTS) and not is_hidden


def _is_kept(name: Path) -> bool:
    return is_listed(name) or name.name == INTENTS


def unpack(path: Path, head: bytes) -> Mapping[Path, bytes] | None:
    """Return the listed files of an archive, by their names below the archive's.

    Args:
        path: a file.
        head: its first bytes.

    Returns:
        None if the file is a spreadsheet, which is a ZIP archive as well, or no archive.

    Raises:
        DataError: it is damaged, unpacks to too many bytes, has two files of one name, or is an
            archive of another kind.
    """
    for magic, suffix in UNREAD_ARCHIVES.items():
        if head.startswith(magic):
            raise DataError.at(path, f"is packed as {suffix} files are; unpack it to read it")
    is_zip = head.startswith(ZIP_MAGIC)
    opener = next((each for magic, each in COMPRESSIONS.items() if head.startswith(magic)), None)
    if not is_zip and opener is None:
        return None
    inner = without_compression(path)
    is_single = not is_zip and inner != path and inner.suffix.lower() in SUFFIXES  # data.csv.gz
    kind = "ZIP archive" if is_zip else "compressed file" if is_single else "tar archive"
    try:
        if opener is None:
            files = _zip_files(path)
        elif is_single:
            return {path / inner.name: _decompressed(path, opener)}
        else:
            files = list(_tar_files(path, opener))
    except BROKEN as error:
        message = f"is no readable {kind}: {one_line(error)}"
        raise DataError.at(path, message) from error
    if files is None:
        return None
    counts = Counter(name for name, _ in files)
    if repeated := [name for name, count in counts.items() if count > 1]:
        raise DataError([Problem(name, 0, "is in the archive twice") for name in repeated])
    return dict(files)


def without_compression(path: Path) -> Path:
    """Return the path of a compressed file without the suffix that says so, or the path."""
    return path.with_suffix("") if path.suffix.lower() in COMPRESSED else path


def _zip_files(path: Path) -> list[tuple[Path, bytes]] | None:
    with zipfile.ZipFile(path) as archive:
        if not SPREADSHEET_MEMBERS.isdisjoint(archive.namelist()):
            return None
        # zipfile fails to say whether a member without a name is a folder.
        members = [each for each in archive.infolist() if _is_kept(_name(each.filename))]
        listed = [each for each in members if not each.is_dir()]
        if sum(member.file_size for member in listed) > MAX_UNPACKED_BYTES:
            raise _too_large(path)
        return [(path / _name(member.filename), archive.read(member)) for member in listed]


def _decompressed(path: Path, opener: Callable[[Path], Any]) -> bytes:
    with opener(path) as file:
        content: bytes = file.read(MAX_UNPACKED_BYTES + 1)
    if len(content) > MAX_UNPACKED_BYTES:
        raise _too_large(path)
    return content


def _tar_files(path: Path, opener: Callable[[Path], Any]) -> Iterator[tuple[Path, bytes]]:
    with (
        opener(path) as unzipped,
        tarfile.open(fileobj=cast("IO[bytes]", _Limited(unzipped, path)), mode="r|") as archive,
    ):
        for member in archive:
            name = _name(member.name)
            content = archive.extractfile(member) if member.isfile() and _is_kept(name) else None
            if content is not None:
                yield path / name, content.read()


class _Limited:
    """A file that ends in an error where it is too long: tar headers can be of any size."""

    def __init__(self, file: Any, path: Path) -> None:
        self._file, self._path, self._left = file, path, MAX_UNPACKED_BYTES

    def read(self, size: int) -> bytes:
        if size > self._left:
            raise _too_large(self._path)
        content: bytes = self._file.read(size)
        self._left -= len(content)
        return content


def _too_large(path: Path) -> DataError:
    return DataError.at(path, f"unpacks to more than {MAX_UNPACKED_BYTES >> 20} MiB")


def _name(member: str) -> Path:
    """Return a member's name without a root and without steps to the folder above.

    Some programs of Windows write backslashes between folders.
    """
    parts = PurePosixPath(member.replace("\\", "/")).parts
    return Path(*(part for part in parts if part not in {"/", "//", ".."}))
