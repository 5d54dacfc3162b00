from __future__ import annotations

import errno
import os

import pytest

from model import pull, push


@pytest.fixture
def pushed(tmp_path, small_folder, capsys) -> str:
    """The URI of the small model in a store, which also publishes it as acme."""
    push.main([str(tmp_path / "store"), "--as", "acme", "--model", str(small_folder)])
    return str(capsys.readouterr().out.strip())


def test_a_model_is_pulled_by_its_digest(tmp_path, pushed, small_files, capsys):
    """The folder holds the compiled form and the card, byte by byte."""
    folder = tmp_path / "new" / "model"
    assert pull.main([pushed, "--output", str(folder)]) == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == small_files.contents
    output = capsys.readouterr()
    assert output.out == f"{pushed}\n"
    assert output.err.startswith("Fetching intent_model.safetensors (")


@pytest.mark.usefixtures("pushed")
def test_a_published_model_is_pulled_by_its_name(tmp_path, small_files):
    """The name stands for the digest that is current."""
    store = str(tmp_path / "store")
    assert pull.main([store, "--as", "acme", "--output", str(tmp_path / "model")]) == 0
    card = (tmp_path / "model" / "model_card.json").read_bytes()
    assert card == small_files.contents["model_card.json"]


def test_a_tag_is_resolved_to_a_digest(registry, small_folder, small_files, capsys):
    """``--digest`` prints the URI for MODEL_URI and writes nothing."""
    uri = f"{registry.uri}:1.0"
    push.main([uri, "--model", str(small_folder)])
    capsys.readouterr()
    assert pull.main([uri, "--digest"]) == 0
    assert capsys.readouterr().out == f"{uri}@sha256:{small_files.digest}\n"


def test_a_model_in_the_folder_is_not_overwritten(tmp_path, pushed, capsys):
    """Only ``--force`` replaces files."""
    (tmp_path / "model_card.json").write_text("mine")
    arguments = [pushed, "--output", str(tmp_path)]
    assert pull.main(arguments) == 1
    assert "model_card.json exists already" in capsys.readouterr().err
    assert (tmp_path / "model_card.json").read_text() == "mine"
    assert pull.main([*arguments, "--force"]) == 0
    assert (tmp_path / "model_card.json").read_text() != "mine"


def test_what_is_left_of_a_former_model_is_not_served(tmp_path, pushed, small_files, capsys):
    """Its encoder would change the digest of the folder, and MODEL_PATH names its pickle."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "sentence_encoder.safetensors").write_bytes(b"former")
    (folder / "intent_model.pkl").write_bytes(b"former")
    arguments = [pushed, "--output", str(folder)]
    assert pull.main(arguments) == 1
    assert "sentence_encoder.safetensors exists already" in capsys.readouterr().err
    assert pull.main([*arguments, "--force"]) == 1
    assert "intent_model.pkl is the pickle of another model" in capsys.readouterr().err

    (folder / "intent_model.pkl").unlink()

    assert pull.main([*arguments, "--force"]) == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == small_files.contents


def test_a_full_disk_leaves_no_model(tmp_path, pushed, monkeypatch, capsys):
    """The folder holds no part of a model when the disk is full."""

    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", fail)
    folder = tmp_path / "model"
    assert pull.main([pushed, "--output", str(folder)]) == 1
    assert f"{folder} can't be written: No space left on device" in capsys.readouterr().err
    assert not list(folder.iterdir())


@pytest.mark.usefixtures("pushed")
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        pytest.param(["--as", "unknown"], "unknown/current.json does not exist", id="name"),
        pytest.param([], "names no digest", id="no-digest"),
    ],
)
def test_a_model_that_is_not_named_is_not_found(tmp_path, capsys, arguments, reason):
    """A store alone names no model."""
    assert pull.main([str(tmp_path / "store"), *arguments, "--digest"]) == 1
    assert reason in capsys.readouterr().err
