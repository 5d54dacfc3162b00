"""Unpack archives into memory: ZIP, the gzipped tar files of Botpress, and single gzipped files."""

from __future__ import annotations

import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from model.datasets.entry import DESCRIPTIONS
from model.errors import DataError, Problem, one_line
from model.tables.opening import SPREADSHEETS

SUFFIXES = (
    *(".yml", ".yaml", ".md", ".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".txt", ".tab"),
    *(".psv", ".parquet", ".lu"),
    *(f".{each}" for each in SPREADSHEETS),
)
ARCHIVES = (".zip", ".tgz", ".bpz", ".gz", ".tar")
MAX_UNPACKED_BYTES = 1024**3
ZIP_MAGIC, GZIP_MAGIC = b"PK\x03\x04", b"\x1f\x8b"
SPREADSHEET_MEMBERS = {"[Content_Types].xml", "mimetype"}
# zipfile and tarfile let the errors of the decompressors and of damaged names through.
BROKEN = (
    *(OSError, EOFError, ValueError, RuntimeError, NotImplementedError),
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError),
)


def is_listed(name: Path) -> bool:
    """Return whether a file of a folder or an archive is read, or named as left out."""
    is_hidden = any(part.startswith((".", "__MACOSX", "~$")) for part in name.parts)
    is_data = name.suffix.lower() in SUFFIXES + ARCHIVES and name.name != DESCRIPTIONS
    return is_data and not is_hidden


def unpack(path: Path, head: bytes) -> Mapping[Path, bytes] | None:
    """Return the listed files of an archive, by their names below the archive's.

    Args:
        path: a file.
        head: its first bytes.

    Returns:
        None if the file is a spreadsheet, which is a ZIP archive as well, or no archive.

    Raises:
        DataError: it is damaged, unpacks to too many bytes, or has two files of one name.
    """
    is_zip = head.startswith(ZIP_MAGIC)
    if not is_zip and not head.startswith(GZIP_MAGIC):
        return None
    inner = without_gz(path)
    is_single = not is_zip and inner != path and inner.suffix.lower() in SUFFIXES  # data.csv.gz
    kind = "ZIP archive" if is_zip else "gzipped file" if is_single else "tar archive"
    try:
        if is_single:
            return {path / inner.name: _gzipped(path)}
        files = _zip_files(path) if is_zip else list(_tar_files(path))
    except BROKEN as error:
        message = f"is no readable {kind}: {one_line(error)}"
        raise DataError.at(path, message) from error
    if files is None:
        return None
    counts = Counter(name for name, _ in files)
    if repeated := [name for name, count in counts.items() if count > 1]:
        raise DataError([Problem(name, 0, "is in the archive twice") for name in repeated])
    return dict(files)


def without_gz(path: Path) -> Path:
    """Return the path of a gzipped file without its suffix, or the path."""
    return path.with_suffix("") if path.suffix.lower() == ".gz" else path


def _zip_files(path: Path) -> list[tuple[Path, bytes]] | None:
    with zipfile.ZipFile(path) as archive:
        if not SPREADSHEET_MEMBERS.isdisjoint(archive.namelist()):
            return None
        members = [member for member in archive.infolist() if not member.is_dir()]
        listed = [member for member in members if is_listed(_name(member.filename))]
        if sum(member.file_size for member in listed) > MAX_UNPACKED_BYTES:
            raise _too_large(path)
        return [(path / _name(member.filename), archive.read(member)) for member in listed]


def _gzipped(path: Path) -> bytes:
    with gzip.open(path) as file:
        content = file.read(MAX_UNPACKED_BYTES + 1)
    if len(content) > MAX_UNPACKED_BYTES:
        raise _too_large(path)
    return content


def _tar_files(path: Path) -> Iterator[tuple[Path, bytes]]:
    with (
        gzip.open(path) as unzipped,
        tarfile.open(fileobj=cast("IO[bytes]", _Limited(unzipped, path)), mode="r|") as archive,
    ):
        for member in archive:
            name = _name(member.name)
            content = archive.extractfile(member) if member.isfile() and is_listed(name) else None
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
    """Return a member's name without a root and without steps to the folder above."""
    parts = PurePosixPath(member).parts
    return Path(*(part for part in parts if part not in {"/", "//", ".."}))
