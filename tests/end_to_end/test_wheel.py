"""The wheel: built from the repository, installed into an empty environment, and used."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import requests

from model.inference.intent_model import IntentModel
from model.training.fitted_model import MODEL_NAME
from tests.support.paths import ROOT
from tests.support.processes import unmeasured
from tests.support.servers import RunningServer
from tests.support.timeouts import TIMEOUT_S

pytestmark = pytest.mark.slow


def run(*command: str | Path, folder: Path) -> str:
    finished = subprocess.run(
        command, cwd=folder, env=unmeasured(), capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, as `pip wheel` builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", ".", ROOT, folder=folder)
    [path] = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that holds the wheel and what its base needs."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", ".", folder=folder)
    pip = (sys.executable, "-m", "pip", "--python", "bin/python")
    # Compiling all modules takes as long as installing them, and few are imported.
    run(*pip, "install", "--quiet", "--no-compile", wheel, folder=folder)
    return folder / "bin"


def test_the_wheel_claims_one_name(wheel):
    """Besides the package it holds nothing but its metadata."""
    names = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}

    assert {name.split("-")[0] for name in names} == {"intent_function"}
    assert len(names) == 2


def test_the_installed_server_answers(environment, small_folder, small_model):
    """The base alone serves a compiled model: neither scikit-learn nor the repository is there."""
    [expected] = small_model.predict(["where is my parcel"])
    server = RunningServer.start(
        {"MODEL_PATH": str(small_folder / MODEL_NAME)}, command=[str(environment / "intent-serve")]
    )
    answer = requests.post(
        f"{server.url}/predict", json={"text": "where is my parcel"}, timeout=TIMEOUT_S
    )
    server.stop()

    assert answer.json()["intent"] == expected.intent


def test_the_installed_model_predicts(
    environment, small_folder, small_model: IntentModel, tmp_path
):
    """As a library, by the name of the one package."""
    script = (
        "import sys; from pathlib import Path;"
        "from intent_function.model.inference.intent_model import IntentModel;"
        "[prediction] = IntentModel.load(Path(sys.argv[1])).predict(['cancel my order']);"
        "print(prediction.intent)"
    )
    printed = run(environment / "python", "-c", script, small_folder / MODEL_NAME, folder=tmp_path)
    [expected] = small_model.predict(["cancel my order"])

    assert printed.strip() == expected.intent
