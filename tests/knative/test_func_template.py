from __future__ import annotations

import subprocess
import sys

import pytest
import requests
import yaml

from knative.func_template import TEMPLATE, main
from tests.support.paths import ROOT
from tests.support.servers import RunningServer
from tests.support.timeouts import TIMEOUT_S


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A template repository, as the command writes it."""
    folder = tmp_path_factory.mktemp("templates") / "repository"
    assert main([str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def manifest(repository):
    """The defaults of the template's functions."""
    return yaml.safe_load((repository / TEMPLATE / "manifest.yaml").read_text())


def test_functions_of_the_template_are_like_this_one(manifest):
    """Build, health and settings are those of func.yaml; the shipped model is served."""
    function = yaml.safe_load((ROOT / "func.yaml").read_text())

    assert manifest == {
        "buildEnvs": function["build"]["buildEnvs"],
        "runEnvs": [*function["run"]["envs"], {"name": "MODEL_URI", "value": "model/shipped"}],
        "healthEndpoints": function["deploy"]["healthEndpoints"],
        "invoke": "http",
    }


def test_a_function_of_the_template_answers(repository, manifest):
    """It starts as its Procfile says, with its own settings, and needs nothing of this project."""
    environ = {each["name"]: each["value"] for each in manifest["runEnvs"]}
    server = RunningServer.start(environ | {"METRICS_PORT": ""}, cwd=repository / TEMPLATE)
    try:
        body = {"text": "Can you help me reset my password?"}
        answer = requests.post(f"{server.url}/predict", json=body, timeout=TIMEOUT_S).json()
    finally:
        server.stop()

    assert answer["intent"] == "password_reset"


def test_template_is_not_overwritten(repository, capsys):
    """A folder that holds it already is left as it is."""
    assert main([str(repository)]) == 1
    assert capsys.readouterr().err == f"error: {repository} holds a template already\n"


def test_folder_that_can_not_be_written_is_reported(tmp_path, capsys):
    """A file in place of the folder is one line."""
    taken = tmp_path / "taken"
    taken.touch()

    assert main([str(taken)]) == 1
    assert capsys.readouterr().err == f"error: {taken} can't be written: Not a directory\n"


def test_package_has_no_template(tmp_path, monkeypatch, capsys):
    """Without the files of a clone the command says so."""
    monkeypatch.setattr("knative.func_template.ROOT", tmp_path)

    assert main([str(tmp_path / "new")]) == 1
    assert capsys.readouterr().err == (
        "error: A template is made of a clone of the project, not of its package\n"
    )


def test_command_says_how_to_create_a_function(tmp_path):
    """The last line can be copied."""
    command = [sys.executable, "-m", "knative.func_template", str(tmp_path / "new")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.startswith("func create --language python --template intent --repository ")
    assert (tmp_path / "new" / TEMPLATE / "func" / "handler.py").exists()
    assert not list((tmp_path / "new").rglob("__pycache__"))
