from __future__ import annotations

import json
import shutil

import pytest

from model import push
from model.store.model_files import ModelFiles
from model.store.opening import open_store
from model.store.pointers import read_pointer
from model.store.uri import StoreUri


@pytest.fixture
def newer_folder(tmp_path, small_folder):
    """A folder with another model: the small one with another threshold."""
    folder = shutil.copytree(small_folder, tmp_path / "newer")
    path = folder / "model_card.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"threshold": 0.0}))
    return folder


def current(store: str, name: str) -> str:
    pointer = read_pointer(open_store(StoreUri.parse(store)), store, name)
    assert pointer
    return pointer.current.digest


def test_the_last_line_is_the_uri_with_the_digest(tmp_path, small_folder, small_files, capsys):
    """The printed URI is what MODEL_URI takes; progress goes to standard error."""
    store = str(tmp_path / "store")
    assert push.main([store, "--model", str(small_folder)]) == 0
    output = capsys.readouterr()
    assert output.out == f"{store}#sha256={small_files.digest}\n"
    assert output.err.startswith("Uploading intent_model.safetensors (")


def test_a_second_push_changes_nothing(tmp_path, small_folder, capsys):
    """Files that a store has stay as they are."""
    arguments = [str(tmp_path / "store"), "--model", str(small_folder)]
    push.main(arguments)
    first = capsys.readouterr().out
    assert push.main(arguments) == 0
    output = capsys.readouterr()
    assert output.out == first
    assert output.err.endswith("The store holds this model already\n")


def test_a_model_is_published_and_rolled_back(tmp_path, small_folder, newer_folder, capsys):
    """The name's pointer moves to the new version, and back."""
    store = str(tmp_path / "store")
    for folder in (small_folder, newer_folder, newer_folder):
        assert push.main([store, "--as", "acme", "--model", str(folder)]) == 0
    assert current(store, "acme") == ModelFiles.read(newer_folder).digest
    assert "acme is this model already" in capsys.readouterr().err
    assert push.main([store, "--as", "acme", "--rollback"]) == 0
    older = ModelFiles.read(small_folder).digest
    assert current(store, "acme") == older
    assert capsys.readouterr().out == f"{store}#sha256={older}\n"


@pytest.mark.parametrize("is_published", [False, True])
def test_without_an_older_version_there_is_no_rollback(
    tmp_path, small_folder, capsys, is_published
):
    """A name that was published once, or never, can't be rolled back."""
    store = str(tmp_path / "store")
    arguments = [store, "--model", str(small_folder)]
    push.main(arguments + ["--as", "acme"] * is_published)
    assert push.main([store, "--as", "acme", "--rollback"]) == 1
    assert f"{store}/acme/current.json names no version to return to" in capsys.readouterr().err


def test_a_tag_is_set_and_not_moved_by_accident(registry, small_folder, newer_folder, capsys):
    """A tag that names another model stays, unless it is forced."""
    uri = f"{registry.uri}:1.0"
    assert push.main([uri, "--model", str(small_folder)]) == 0
    assert push.main([uri, "--model", str(newer_folder)]) == 1
    assert "has the tag 1.0 on @sha256:" in capsys.readouterr().err
    assert push.main([uri, "--model", str(newer_folder), "--force"]) == 0
    newer = ModelFiles.read(newer_folder).digest
    assert capsys.readouterr().out == f"{uri}@sha256:{newer}\n"


def test_a_model_that_fails_its_self_test_is_not_pushed(tmp_path, small_folder, capsys):
    """A store holds only models that can be served."""
    folder = shutil.copytree(small_folder, tmp_path / "broken")
    path = folder / "model_card.json"
    card = json.loads(path.read_text())
    card["self_test"]["confidence"] = 0.0
    path.write_text(json.dumps(card))
    assert push.main([str(tmp_path / "store"), "--model", str(folder)]) == 1
    assert "answers its self-test otherwise than when trained" in capsys.readouterr().err
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        pytest.param(["s3://b#sha256=" + "0" * 64], "is followed by a digest", id="digest"),
        pytest.param(["oci://r/a", "--as", "acme"], "keeps no names", id="registry-name"),
        pytest.param(["https://h/a"], "can't be written over HTTPS", id="https"),
    ],
)
def test_what_can_not_be_pushed_to_is_named(small_folder, capsys, arguments, reason):
    """The error says why, and the exit code is 1."""
    assert push.main([*arguments, "--model", str(small_folder)]) == 1
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        pytest.param(["s3://b", "--rollback"], "--rollback needs --as NAME", id="rollback"),
        pytest.param(["s3://b", "--as", "../x"], "begin with a letter or digit", id="name"),
    ],
)
def test_wrong_usage_ends_with_2(capsys, arguments, reason):
    """Argparse reports wrong usage."""
    with pytest.raises(SystemExit) as caught:
        push.main(arguments)
    assert caught.value.code == 2
    assert reason in capsys.readouterr().err
