"""What goes into the image: the Dockerfile's list of modules against what serving imports."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.conftest import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()
LIST_SERVING_MODULES = """
import sys
import func.app, func.server, func.web, model.intent_model, model.sklearn_scorer
print(*sorted(name for name in sys.modules if name.split(".")[0] == "model"))
"""


def test_image_holds_the_modules_that_serving_imports():
    """No module of ``model`` is missing in the image, and none is there for training only."""
    command = [sys.executable, "-c", LIST_SERVING_MODULES]
    output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    imported = {name.partition(".")[2] or "__init__" for name in output.split()}
    _, serve_stage = DOCKERFILE.split(" AS serve\n")

    assert set(re.findall(r"model/(\w+)\.py", serve_stage)) == imported


def test_image_serves_with_the_versions_that_train():
    """What the image installs is a part of requirements.txt, in the same versions."""
    pins = {
        name: set(re.findall(r"^(\S+==\S+)", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements.txt", "requirements-serve.txt")
    }

    assert pins["requirements-serve.txt"] < pins["requirements.txt"]
    assert not any(pin.startswith("scikit-learn") for pin in pins["requirements-serve.txt"])
