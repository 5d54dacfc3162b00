"""List the files of a folder or of a ZIP archive."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections import Counter
from io import BytesIO
from pathlib import Path, PurePosixPath

from model.datasets.document import Document, ReadOptions
from model.errors import DataError, Problem, one_line
from model.tables.opening import SPREADSHEETS

SUFFIXES = (
    *(".yml", ".yaml", ".md", ".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".parquet"),
    *(f".{each}" for each in SPREADSHEETS),
)
MAX_UNPACKED_BYTES = 1024**3
ZIP_MAGIC = b"PK\x03\x04"
SPREADSHEET_MEMBERS = {"[Content_Types].xml", "mimetype"}
# zipfile lets the errors of the decompressors and of damaged names through.
ZIP_ERRORS = (
    *(OSError, EOFError, ValueError, RuntimeError, NotImplementedError),
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError),
)


def documents_of(path: Path, options: ReadOptions) -> tuple[list[Document], bool]:
    """Return the files of a path, and whether it is a folder or an archive.

    Files of other suffixes than those of data, and hidden ones, are not listed.

    Raises:
        DataError: the path does not exist, or is a broken archive.
    """
    if not path.exists():
        raise DataError([Problem(path, 0, "does not exist")])
    if not path.is_dir() and not path.is_file():
        # Reading a named pipe would wait for a writer, for good.
        raise DataError([Problem(path, 0, "is neither a file nor a folder")])
    if path.is_dir():
        files = [file for file in sorted(path.rglob("*")) if file.is_file()]
        listed = [file for file in files if _is_listed(file.relative_to(path))]
        return [Document(file, options) for file in listed], True
    document = Document(path, options)
    if document.suffix.removeprefix(".") in SPREADSHEETS or not document.head.startswith(ZIP_MAGIC):
        return [document], False
    members = _unpack(path)
    if members is None:
        return [document], False
    return [Document(name, options, members) for name in sorted(members)], True


def _is_listed(name: Path) -> bool:
    is_hidden = any(part.startswith((".", "__MACOSX")) for part in name.parts)
    return name.suffix.lower() in SUFFIXES and not is_hidden


def _unpack(path: Path) -> dict[Path, bytes] | None:
    """Return the files of an archive by their names below the archive's; None of a spreadsheet."""
    try:
        with zipfile.ZipFile(BytesIO(path.read_bytes())) as archive:
            if not SPREADSHEET_MEMBERS.isdisjoint(archive.namelist()):
                return None
            files = [member for member in archive.infolist() if not member.is_dir()]
            named = [(path / name, member) for member in files if _is_listed(name := _name(member))]
            if sum(member.file_size for _, member in named) > MAX_UNPACKED_BYTES:
                message = f"unpacks to more than {MAX_UNPACKED_BYTES >> 20} MiB"
                raise DataError([Problem(path, 0, message)])
            counts = Counter(name for name, _ in named)
            repeated = [name for name, count in counts.items() if count > 1]
            if repeated:
                raise DataError([Problem(name, 0, "is in the archive twice") for name in repeated])
            return {name: archive.read(member) for name, member in named}
    except ZIP_ERRORS as error:
        message = f"is no readable ZIP archive: {one_line(error)}"
        raise DataError([Problem(path, 0, message)]) from error


def _name(member: zipfile.ZipInfo) -> Path:
    """Return a member's name without a root and without steps to the folder above."""
    parts = PurePosixPath(member.filename).parts
    return Path(*(part for part in parts if part not in {"/", "//", ".."}))
