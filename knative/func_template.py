"""Write this function as a template of the func CLI: ``python -m knative.func_template FOLDER``.

``func create --repository`` reads a folder or git repository with ``LANGUAGE/TEMPLATE/`` for each
template, and the defaults of its ``func.yaml`` from ``manifest.yaml`` (knative/func,
pkg/functions/repository.go). Both are made of this project's files, so that nothing stands twice.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = Path("python") / "intent"
PARTS = (
    *("func", "model", "requirements", "Procfile", "requirements.txt", "constraints.txt"),
    *(".funcignore", "LICENSE"),
)
LEFT_OUT = shutil.ignore_patterns("__pycache__", "artifacts")
SHIPPED = {"name": "MODEL_URI", "value": "model/shipped"}  # until one trains another


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m knative.func_template", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a new folder")
    folder = parser.parse_args(arguments).folder
    try:
        write_template(folder)
    except FileExistsError:
        return _fail(f"{folder} holds a template already")
    except FileNotFoundError:
        return _fail("A template is made of a clone of the project, not of its package")
    except OSError as error:
        return _fail(f"{folder} can't be written: {error.strerror or 'failed'}")
    uri = folder.resolve().as_uri()
    print(f"func create --language python --template intent --repository {uri} NAME")  # noqa: T201
    return 0


def _fail(reason: str) -> int:
    print(f"error: {reason}", file=sys.stderr)  # noqa: T201
    return 1


def write_template(folder: Path) -> None:
    """Write the template repository.

    Raises:
        FileExistsError: the folder holds the template already.
        FileNotFoundError: this is no clone of the project.
    """
    target = folder / TEMPLATE
    target.mkdir(parents=True)
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, target / part, ignore=LEFT_OUT)
        else:
            shutil.copy(source, target / part)
    function = yaml.safe_load((ROOT / "func.yaml").read_text())
    (target / "manifest.yaml").write_text(yaml.safe_dump(manifest_of(function), sort_keys=False))


def manifest_of(function: dict[str, Any]) -> dict[str, Any]:
    """Return the manifest of a template whose functions are like the one of a ``func.yaml``."""
    return {
        "buildEnvs": function["build"]["buildEnvs"],
        "runEnvs": [*function["run"]["envs"], SHIPPED],
        "healthEndpoints": function["deploy"]["healthEndpoints"],
        "invoke": function["invoke"],
    }


if __name__ == "__main__":
    sys.exit(main())
