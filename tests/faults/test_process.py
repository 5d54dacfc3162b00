"""Faults of the process: killed, no space on the disk, files changed under it."""

from __future__ import annotations

import json
import os
import resource
import shutil
import socket
import subprocess
import sys

import pytest
import requests

from model.training.fitted_model import MODEL_NAME
from tests.support.paths import ROOT
from tests.support.ports import free_port
from tests.support.processes import unmeasured
from tests.support.servers import RunningServer, can_connect, wait_for
from tests.support.timeouts import TIMEOUT_S

EVENT = {"ce-specversion": "1.0", "ce-id": "42", "ce-source": "/chat", "ce-type": "chat.message"}
LARGE_TEXTS = {"texts": ["where is my order " * 200] * 200}
# Coverage is measured by writing to disk, and Python would keep the half of a compiled module.
WITHOUT_FILES = {name: "" for name in os.environ if name.startswith("COV")} | {
    "PYTHONDONTWRITEBYTECODE": "1"
}
FILE_NAMES = (MODEL_NAME, "intent_model.safetensors", "model_card.json")


def ask(server: RunningServer, **headers: str) -> requests.Response:
    """Ask for one intent."""
    return requests.post(
        server.url, json={"text": "where is my order"}, headers=headers, timeout=TIMEOUT_S
    )


@pytest.fixture
def folder(small_folder, tmp_path):
    """A copy of the small model that may be damaged."""
    return shutil.copytree(small_folder, tmp_path / "model")


def test_killed_process_is_replaced_at_once(small_folder):
    """Another one takes the same port, and answers a redelivered event with the same reply."""
    environ = {"MODEL_PATH": str(small_folder / MODEL_NAME), "PORT": str(free_port())}
    first = RunningServer.start(environ)
    reply = ask(first, **EVENT)
    first.process.kill()
    assert first.wait()[0] == -9

    second = RunningServer.start(environ)
    again = ask(second, **EVENT)

    assert again.headers["ce-id"] == reply.headers["ce-id"]
    assert again.json() == reply.json()
    assert second.stop()[0] == 0


def test_nothing_is_written_to_disk(small_folder):
    """Where no byte can be written to any file, the largest requests are answered all the same."""
    server = RunningServer.start(
        {"MODEL_PATH": str(small_folder / MODEL_NAME), "TMPDIR": "/nowhere"} | WITHOUT_FILES,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)),
    )
    answer = requests.post(f"{server.url}/predict", json=LARGE_TEXTS, timeout=TIMEOUT_S)
    card = requests.get(f"{server.url}/model", timeout=TIMEOUT_S)

    assert (answer.status_code, len(answer.json()["predictions"])) == (200, 200)
    assert card.status_code == 200
    assert server.stop()[0] == 0


def test_log_that_can_not_be_written_stops_nothing(small_folder):
    """Answers matter more than their log lines: /dev/full is a disk without space."""
    port = free_port()
    environ = {"MODEL_PATH": str(small_folder / MODEL_NAME), "PORT": str(port), "PATH": ""}
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a file to write to, no path
        process = subprocess.Popen(
            [sys.executable, "-m", "func.server"], cwd=ROOT, env=environ, stderr=full
        )
    wait_for(lambda: can_connect(port))
    answers = [
        requests.post(f"http://127.0.0.1:{port}", json={"text": "hello"}, timeout=TIMEOUT_S)
        for _ in range(3)
    ]
    process.terminate()

    assert [answer.json()["intent"] for answer in answers] == ["greeting"] * 3
    assert (
        process.wait(TIMEOUT_S) == 120
    )  # Python's own way to say that it could not flush a stream


@pytest.mark.parametrize("name", FILE_NAMES)
@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[::-1]), id="replaced"),
        pytest.param(lambda path: path.write_bytes(b""), id="truncated"),
        pytest.param(lambda path: path.unlink(), id="deleted"),
    ],
)
def test_model_files_are_read_once(folder, name, damage):
    """A later change of the files changes no answer; a start from them fails or falls back."""
    server = RunningServer.start({"MODEL_PATH": str(folder / MODEL_NAME)})
    before = ask(server).json()
    damage(folder / name)

    assert ask(server).json() == before
    assert requests.get(f"{server.url}/health", timeout=TIMEOUT_S).status_code == 200
    assert server.stop()[0] == 0


def test_clients_that_vanish_leave_nothing_behind(small_folder):
    """Whether within a request or before its answer: no error is logged, and others go on."""
    server = RunningServer.start({"MODEL_PATH": str(small_folder / MODEL_NAME)})
    body = json.dumps(LARGE_TEXTS).encode()
    whole = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    for sent in (whole, whole[:-1], whole[:20]):
        with socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT_S) as client:
            client.sendall(sent)

    assert ask(server).status_code == 200
    exit_code, log = server.stop()
    assert exit_code == 0
    assert '"level": "ERROR"' not in log
    assert "Traceback" not in log


def test_training_on_a_full_disk_keeps_the_old_model(folder):
    """A file that can't be written whole is not written; one line says why."""
    rows = [
        f"{intent} number {count},{intent}" for intent in ("alpha", "beta") for count in range(9)
    ]
    data = folder.parent / "data.csv"
    data.write_text("\n".join(["text,intent", *rows]))
    before = {name: (folder / name).read_bytes() for name in FILE_NAMES}
    process = subprocess.run(
        [sys.executable, "-m", "model.train", "--data", str(data), "--output", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=unmeasured() | WITHOUT_FILES,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024)),
    )

    assert process.returncode == 1
    assert process.stderr.endswith(f"error: {folder} can't be written: File too large\n")
    assert "Traceback" not in process.stderr
    assert {name: (folder / name).read_bytes() for name in FILE_NAMES} == before
