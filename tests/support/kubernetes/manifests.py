"""Render the manifests as ``kubectl apply -k`` does."""

from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.support.paths import ROOT

KNATIVE = ROOT / "knative"
KUBECTL = Path(sys.executable).with_name("kubectl")

Object = dict[str, Any]


def kustomizations() -> list[str]:
    """Return every folder that ``kubectl apply -k`` accepts."""
    files = sorted(KNATIVE.rglob("kustomization.yaml"))
    return [str(file.parent.relative_to(KNATIVE)) for file in files]


@functools.cache
def _rendered(name: str) -> str:
    return _kustomize(KNATIVE / name)


def _kustomize(folder: Path) -> str:
    command = [str(KUBECTL), "kustomize", str(folder)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def render_folder(folder: Path) -> list[Object]:
    """Return the objects of a kustomization outside the project."""
    return _objects(_kustomize(folder))


def render(name: str) -> list[Object]:
    """Return the objects of a kustomization."""
    return _objects(_rendered(name))


def _objects(text: str) -> list[Object]:
    # All manifests are parsed before the first test: libyaml takes a tenth of the time.
    return list(yaml.load_all(text, Loader=yaml.CSafeLoader))


def find(name: str, kind: str, object_name: str = "") -> Object:
    """Return the only object of a kind, or the one of that name, in a kustomization."""
    [found] = [
        each
        for each in render(name)
        if each["kind"] == kind and object_name in ("", each["metadata"]["name"])
    ]
    return found
