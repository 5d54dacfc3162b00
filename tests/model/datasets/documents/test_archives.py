"""Archives: ZIP, and gzipped tar."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from model.datasets.documents import archives
from model.datasets.readers import read
from model.errors import DataError

TABLE = b"text,intent\nhi there,greet\n"


def write_tar(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, BytesIO(content))
    return path


def refusal_of(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        read(path)
    return str(caught.value)


@pytest.mark.parametrize("name", ["bot.tgz", "bot.json.tgz", "bot.bpz", "bot.tar.gz", "bot"])
def test_gzipped_tar_is_read(tmp_path, name):
    """Its content decides, whatever its name; names stay below the archive's."""
    path = write_tar(tmp_path / name, {"../data.csv": TABLE, "image.png": b"", ".hidden.csv": b""})

    [example] = read(path).examples

    assert (example.text, example.file) == ("hi there", path / "data.csv")


@pytest.mark.parametrize(
    ("name", "compress"),
    [
        ("data.csv.gz", gzip.compress),
        ("Data.CSV.GZ", gzip.compress),
        ("data.csv.bz2", bz2.compress),
        ("data.csv.xz", lzma.compress),
    ],
)
def test_compressed_file_is_read(tmp_path, name, compress):
    """Its name without the suffix has that of data."""
    path = tmp_path / name
    path.write_bytes(compress(TABLE))

    [example] = read(path).examples

    inner = path / name.rpartition(".")[0]
    assert (example.text, example.file, example.line) == ("hi there", inner, 2)


@pytest.mark.parametrize(("name", "mode"), [("bot.tar.bz2", "w:bz2"), ("bot.tar.xz", "w:xz")])
def test_tar_of_any_compression_is_read(tmp_path, name, mode):
    """Its content decides."""
    (tmp_path / "data.csv").write_bytes(TABLE)
    with tarfile.open(tmp_path / name, mode) as archive:
        archive.add(tmp_path / "data.csv", "data.csv")

    assert [example.text for example in read(tmp_path / name).examples] == ["hi there"]


@pytest.mark.parametrize(
    ("name", "magic"),
    [
        ("a.csv.zst", b"\x28\xb5\x2f\xfd"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c"),
        ("a.rar", b"Rar!\x1a\x07"),
    ],
)
def test_archive_of_another_kind_is_refused(tmp_path, name, magic):
    """The message says what to do."""
    path = tmp_path / name
    path.write_bytes(magic + bytes(20))

    assert refusal_of(path) == f"{path}: is packed as {path.suffix} files are; unpack it to read it"


@pytest.mark.parametrize("text", [b"Rar! Rar!,greet\n", b"BZh is a magic,greet\n", b"BZh9,greet\n"])
def test_text_that_begins_as_an_archive_is_read(tmp_path, text):
    """Only further bytes tell an archive."""
    path = tmp_path / "data.csv"
    path.write_bytes(text + b"bye,leave\n")

    assert [example.intent for example in read(path).examples] == ["greet", "leave"]


def test_empty_bzip2_file_is_empty(tmp_path):
    """It has no block."""
    path = tmp_path / "data.csv.bz2"
    path.write_bytes(bz2.compress(b""))

    assert [str(problem) for problem in read(path).problems] == [f"{path}/data.csv: is empty"]


def test_data_of_another_program_is_refused(tmp_path):
    """The message says what to do."""
    path = tmp_path / "data.orc"
    path.write_bytes(b"ORC")

    assert refusal_of(path) == (
        f"{path}: .orc files are not read; export the data as CSV, JSONL, Parquet or Excel"
    )


def test_data_that_is_not_read_is_named(tmp_path):
    """Beside files that are read, archives and the data of other programs are not forgotten."""
    (tmp_path / "a.csv").write_bytes(TABLE)
    for name in ("b.csv.xz", "c.7z", "d.xlsb", "e.orc"):
        (tmp_path / name).write_bytes(b"?")

    assert [str(note) for note in read(tmp_path).notes] == [
        f"{tmp_path}: left out, as no training data: d.xlsb, e.orc",
        f"{tmp_path}: left out, as archives are read by themselves only: b.csv.xz, c.7z",
    ]


@pytest.mark.parametrize("name", ["data.csv.gz", "agent.ZIP"])
def test_folder_of_archives_without_data_says_what_to_do(tmp_path, name):
    """Each is read by itself."""
    (tmp_path / name).write_bytes(gzip.compress(TABLE))
    (tmp_path / "notes.md").write_text("Notes\n")

    assert refusal_of(tmp_path).startswith(
        f"{tmp_path}: holds no training data that is recognised, but {name}, notes.md; archives "
        "and compressed files are read by themselves: name or unpack one; formats are "
    )


def test_gzipped_file_is_bounded(tmp_path, monkeypatch):
    """A small file can unpack to any size."""
    path = tmp_path / "data.csv.gz"
    path.write_bytes(gzip.compress(TABLE))
    monkeypatch.setattr(archives, "MAX_UNPACKED_BYTES", len(TABLE) - 1)

    assert "unpacks to more than" in refusal_of(path)


def test_damaged_gzipped_file_is_refused(tmp_path):
    """The message is one line that names the file."""
    path = tmp_path / "data.csv.gz"
    path.write_bytes(gzip.compress(TABLE)[:-9])

    assert refusal_of(path).startswith(f"{path}: is no readable compressed file: ")


def test_links_of_a_tar_are_passed_over(tmp_path):
    """They hold no content of their own."""
    path = tmp_path / "bot.tgz"
    with tarfile.open(path, "w:gz") as archive:
        link = tarfile.TarInfo("passwords.csv")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        member = tarfile.TarInfo("data.csv")
        member.size = len(TABLE)
        archive.addfile(member, BytesIO(TABLE))

    assert [example.text for example in read(path).examples] == ["hi there"]


def test_damaged_tar_is_refused(tmp_path):
    """The message is one line that names the archive."""
    path = write_tar(tmp_path / "bot.tgz", {"data.csv": TABLE * 100})
    path.write_bytes(path.read_bytes()[:-20])

    assert refusal_of(path).startswith(f"{path}: is no readable tar archive: ")


def test_unpacked_size_of_a_tar_is_bounded(tmp_path, monkeypatch):
    """Files that are passed over count as well, since they have to be unpacked."""
    monkeypatch.setattr(archives, "MAX_UNPACKED_BYTES", 1 << 20)
    path = write_tar(tmp_path / "bot.tgz", {"image.png": bytes(2 << 20), "data.csv": TABLE})

    assert refusal_of(path) == f"{path}: unpacks to more than 1 MiB"


def test_gzipped_file_that_is_no_tar_is_refused(tmp_path):
    """It is named as damaged."""
    path = tmp_path / "bot.tgz"
    path.write_bytes(gzip.compress(TABLE))

    assert "is no readable tar archive" in refusal_of(path)


def test_archive_in_an_archive_is_named(tmp_path):
    """It is not opened, and the rest is read."""
    inner = write_tar(tmp_path / "bot.tgz", {"data.csv": TABLE})
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(inner, "bots/bot.tgz")
        archive.writestr("data.csv", TABLE)
        archive.writestr("notes.txt", "nothing")

    reading = read(path)

    assert len(reading.examples) == 1
    assert [note.message for note in reading.notes] == [
        "left out, as no training data: notes.txt",
        "left out, as archives are read by themselves only: bots/bot.tgz",
    ]


def test_folders_of_an_archive_may_be_named_with_backslashes(tmp_path):
    """Some programs of Windows write such names."""
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        archive.writestr("splits\\data.csv", TABLE)

    [example] = read(tmp_path / "data.zip").examples

    assert example.file == tmp_path / "data.zip" / "splits" / "data.csv"


def test_member_without_a_name_is_passed_over(tmp_path):
    """It is damage, and nothing in it is data by its name; neither is a folder."""
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        for name in ("", "folder.csv/", "data.csv"):
            archive.writestr(zipfile.ZipInfo(name), TABLE)

    assert len(read(tmp_path / "data.zip").examples) == 1
