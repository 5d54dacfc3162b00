"""Content of the image: the Dockerfile's list of modules against the imports of serving."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import sysconfig

import requests

from model.training.fitted_model import MODEL_NAME
from tests.support.paths import ROOT
from tests.support.servers import RunningServer
from tests.support.timeouts import TIMEOUT_S

DOCKERFILE = (ROOT / "Dockerfile").read_text()
LIST_SERVING_MODULES = """
import sys
import func.server.__main__, func.server.server, func.web.flask_app
import model.inference.intent_model, model.inference.sklearn_scorer
import model.inference.familiarity_union  # which pickles name
import func.protocols.dialects.descriptions
import model.store.model_files, model.store.object_store, model.store.registry, model.store.web
import model.store.folder, model.store.pointers
print(*sorted(name for name in sys.modules if name.split(".")[0] == "model"))
"""


def modules_of(room: str) -> list[str]:
    """Return the names of a room of ``model`` and of its modules, those of its rooms included."""
    files = (ROOT / "model" / room).rglob("*.py")
    names = (".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files)
    return [name.removesuffix(".__init__") for name in names]


def test_image_holds_the_modules_that_serving_imports():
    """The image contains all modules of ``model`` that serving imports, and no others."""
    command = [sys.executable, "-c", LIST_SERVING_MODULES]
    output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    _, serve_stage = DOCKERFILE.split(" AS serve\n")

    assert set(re.findall(r"COPY (model\S+ .*)", serve_stage)) == {
        "model/__init__.py model/atomic_files.py model/errors.py model/",
        "model/inference/ model/inference/",
        "model/store/ model/store/",
    }
    assert set(output.split()) == {
        "model",
        "model.atomic_files",
        "model.errors",
        *modules_of("inference"),
        *modules_of("store"),
    }


def test_command_of_the_image_serves(small_folder):
    """Without the module ``site``, predictions, the routes of Flask and metrics work."""
    [command] = re.findall(r"^CMD (.+)$", DOCKERFILE, re.MULTILINE)
    _, *arguments = json.loads(command)
    environ = {
        "MODEL_PATH": str(small_folder / MODEL_NAME),
        "METRICS_PORT": "0",
        "PYTHONPATH": sysconfig.get_path("purelib"),
    }
    server = RunningServer.start(environ, command=[sys.executable, *arguments])
    [metrics_port] = re.findall(r"Metrics on http://[^:]+:(\d+)", "".join(server.lines))
    answer = requests.post(f"{server.url}/predict", json={"text": "hello"}, timeout=TIMEOUT_S)
    others = (f"{server.url}/docs", f"http://127.0.0.1:{metrics_port}/metrics")
    statuses = [requests.get(url, timeout=TIMEOUT_S).status_code for url in others]
    code, _ = server.stop()

    assert "-S" in arguments
    assert answer.json()["intent"] == "greeting"
    assert (statuses, code) == ([200, 200], 0)


def test_image_serves_with_the_versions_that_train():
    """The image's requirements are a subset of requirements.txt, in the same versions."""
    pins = {
        name: set(re.findall(r"^(\S+==\S+)", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements.txt", "requirements/serve.txt")
    }

    assert pins["requirements/serve.txt"] < pins["requirements.txt"]
    assert not any(pin.startswith("scikit-learn") for pin in pins["requirements/serve.txt"])
