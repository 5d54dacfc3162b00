from __future__ import annotations

import json

import pytest

from model import compare
from model.store.folder import FolderTransport
from model.store.model_files import push
from model.training.fitted_model import MODEL_NAME
from tests.support.servers import RunningServer

DATA = (
    "text,intent\nwhere is my parcel,order_tracking\nhello there,greeting\nhello,password_reset\n"
)


@pytest.fixture
def data(tmp_path):
    """A file of labelled utterances; the last label is wrong."""
    path = tmp_path / "data.csv"
    path.write_text(DATA)
    return path


@pytest.fixture
def strict_folder(tmp_path, small_files):
    """A folder with the small model, whose threshold lets nothing pass."""
    folder = tmp_path / "strict"
    folder.mkdir()
    card = json.loads(small_files.contents["model_card.json"]) | {"threshold": 1.0}
    for name, content in small_files.contents.items():
        (folder / name).write_bytes(content)
    (folder / "model_card.json").write_text(json.dumps(card))
    return folder


def test_changes_and_accuracies_are_printed(small_folder, strict_folder, data, capsys):
    """A model that rejects everything changes every intent."""
    before = str(small_folder / MODEL_NAME)
    assert compare.main([before, str(strict_folder), "--data", str(data)]) == 0
    output = capsys.readouterr().out
    assert "3 (100.0%)" in output
    assert "0.6667 (" in output
    assert "p value (McNemar)" in output
    assert "parcel" in output
    assert "worse" in output


def test_rows_of_the_test_alone_are_compared(small_folder, strict_folder, data, capsys):
    """Both models may have been trained on the others."""
    data.write_text("text,intent,split\nhello,greeting,train\nhello there,greeting,test\n")
    arguments = [str(small_folder), str(strict_folder), "--data", str(data), "--json"]
    assert compare.main(arguments) == 0
    output, errors = capsys.readouterr()
    assert json.loads(output)["utterances"] == 1
    assert errors == f"note: {data}: left out: 1 of 2 utterances, not of the test\n"


def test_equal_models_change_nothing(small_folder, tmp_path, small_files, data, capsys):
    """A model in a store and the folder that it was pushed from agree."""
    push(small_files, FolderTransport(tmp_path / "store"))
    uri = f"{tmp_path}/store#sha256={small_files.digest}"
    assert compare.main([str(small_folder), uri, "--data", str(data)]) == 0
    output = capsys.readouterr().out
    assert "0 (0.0%)" in output
    assert "Intents that change" not in output


def test_json_has_all_changes(small_folder, strict_folder, tmp_path, capsys):
    """Utterances without labels have no verdict, and no accuracy is computed."""
    path = tmp_path / "texts.txt"
    path.write_text("hello there\n\n" + "where is my parcel\n" * 30)
    arguments = [str(small_folder), str(strict_folder), "--texts", str(path)]
    assert compare.main([*arguments, "--json"]) == 0
    fields = json.loads(capsys.readouterr().out)
    assert (fields["utterances"], fields["changed"], fields["accuracy"]) == (31, 31, None)
    assert fields["changes"][0]["verdict"] == "unknown"
    assert compare.main(arguments) == 0
    assert "and 11 more: --json has all" in capsys.readouterr().out


def test_a_page_is_written(small_folder, strict_folder, data, tmp_path):
    """The page escapes the utterances."""
    data.write_text(f"{DATA}<b>hello</b>,greeting\n")
    page = tmp_path / "page.html"
    arguments = [str(small_folder), str(strict_folder), "--data", str(data), "--html", str(page)]
    assert compare.main(arguments) == 0
    assert "&lt;b&gt;hello&lt;/b&gt;" in page.read_text()


def test_a_running_service_is_compared(small_folder, strict_folder, data, capsys):
    """A service answers by its URL."""
    server = RunningServer.start({"MODEL_URI": str(strict_folder)})
    assert compare.main([str(small_folder), server.url, "--data", str(data)]) == 0
    assert "3 (100.0%)" in capsys.readouterr().out
    server.stop()
    assert compare.main([str(small_folder), server.url, "--data", str(data)]) == 1
    assert "/predict does not classify the utterances" in capsys.readouterr().err


def test_a_file_without_utterances_is_named(small_folder, tmp_path, capsys):
    """There is nothing to compare."""
    path = tmp_path / "texts.txt"
    path.write_text("\n")
    assert compare.main([str(small_folder), str(small_folder), "--texts", str(path)]) == 1
    assert "holds no utterances" in capsys.readouterr().err
