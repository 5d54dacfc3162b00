"""The commands and the function with the models of real object stores."""

from __future__ import annotations

import pytest
import requests

from model import pull, push
from model.store.object_store import ObjectTransport
from tests.support.servers import RunningServer, run_server
from tests.support.timeouts import TIMEOUT_S


@pytest.fixture
def pushed(object_store, small_folder, capsys) -> str:
    """The URI of the small model in a store, as the command prints it."""
    assert push.main([object_store, "--model", str(small_folder)]) == 0
    return str(capsys.readouterr().out.strip())


def test_a_pushed_model_is_pulled_and_served(pushed, tmp_path, small_model, capsys):
    """The function starts from the URI that the push has printed."""
    assert pull.main([pushed, "--output", str(tmp_path / "model")]) == 0
    assert capsys.readouterr().out.strip() == pushed
    running = RunningServer.start({"MODEL_URI": pushed})
    answer = requests.post(
        f"{running.url}/predict", json={"text": "where is my parcel"}, timeout=TIMEOUT_S
    )
    assert running.stop()[0] == 0
    [expected] = small_model.predict(["where is my parcel"])
    assert answer.json()["intent"] == expected.intent


def test_a_start_with_a_digest_that_the_store_lacks_ends_with_one_line(object_store):
    """It names the object that is missing."""
    digest = "0" * 64
    finished = run_server({"MODEL_URI": f"{object_store}#sha256={digest}"})
    assert finished.returncode == 1
    [line] = finished.stderr.splitlines()
    assert f"{object_store}/manifests/sha256/{digest} does not exist" in line


def test_a_start_from_another_content_than_the_digest_ends_with_one_line(object_store, pushed):
    """Nothing of it is used."""
    digest = "1" * 64
    manifest = f"manifests/sha256/{pushed.partition('=')[2]}"
    store = ObjectTransport(object_store)
    store.put(f"manifests/sha256/{digest}", b"".join(store.open(manifest, 0)), replace=True)
    finished = run_server({"MODEL_URI": f"{object_store}#sha256={digest}"})
    assert finished.returncode == 1
    [line] = finished.stderr.splitlines()
    assert "has another content than its digest says" in line
