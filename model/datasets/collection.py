"""List the files of a folder or of a ZIP archive."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

from model.datasets.document import Document, ReadOptions
from model.errors import DataError, Problem
from model.tables.opening import SPREADSHEETS

SUFFIXES = (
    *(".yml", ".yaml", ".md", ".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".parquet"),
    *(f".{each}" for each in SPREADSHEETS),
)
MAX_UNPACKED_BYTES = 1024**3
ZIP_MAGIC = b"PK\x03\x04"
SPREADSHEET_MEMBERS = ("[Content_Types].xml", "mimetype")


def documents_of(path: Path, options: ReadOptions) -> tuple[list[Document], bool]:
    """Return the files of a path, and whether it is a folder or an archive.

    Files of other suffixes than those of data, and hidden ones, are not listed.

    Raises:
        DataError: the path does not exist, or is a broken archive.
    """
    if not path.exists():
        raise DataError([Problem(path, 0, "does not exist")])
    if path.is_dir():
        files = [file for file in sorted(path.rglob("*")) if file.is_file()]
        listed = [file for file in files if _is_listed(file.relative_to(path))]
        return [Document(file, options) for file in listed], True
    document = Document(path, options)
    if document.suffix.removeprefix(".") in SPREADSHEETS or not document.head.startswith(ZIP_MAGIC):
        return [document], False
    members = _unpack(path)
    if any(path / name in members for name in SPREADSHEET_MEMBERS):
        return [document], False
    names = [name for name in sorted(members) if _is_listed(name.relative_to(path))]
    return [Document(name, options, members) for name in names], True


def _is_listed(name: Path) -> bool:
    is_hidden = any(part.startswith((".", "__MACOSX")) for part in name.parts)
    return name.suffix.lower() in SUFFIXES and not is_hidden


def _unpack(path: Path) -> dict[Path, bytes]:
    """Return the files of an archive by their names below the archive's."""
    try:
        with zipfile.ZipFile(BytesIO(path.read_bytes())) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
                message = f"unpacks to more than {MAX_UNPACKED_BYTES >> 20} MiB"
                raise DataError([Problem(path, 0, message)])
            return {path / member.filename: archive.read(member) for member in members}
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise DataError([Problem(path, 0, f"is no readable ZIP archive: {error}")]) from error
