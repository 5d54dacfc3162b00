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
    """Name every folder that can be applied."""
    files = sorted(KNATIVE.rglob("kustomization.yaml"))
    return [str(file.parent.relative_to(KNATIVE)) for file in files]


@functools.cache
def _rendered(name: str) -> str:
    command = [str(KUBECTL), "kustomize", str(KNATIVE / name)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def render(name: str) -> list[Object]:
    """Return the objects of a kustomization."""
    return list(yaml.safe_load_all(_rendered(name)))


def find(name: str, kind: str, object_name: str = "") -> Object:
    """Give the one object of a kind, or the one of that name, in a kustomization."""
    [found] = [
        each
        for each in render(name)
        if each["kind"] == kind and object_name in ("", each["metadata"]["name"])
    ]
    return found
