"""Build hook of the wheel: the packages move below one, so that no name of ours can collide.

In the repository, ``func``, ``model`` and ``knative`` are top-level packages, as func's builders
and the commands expect. In a wheel they would claim names that other packages may have. There they
are ``intent_function.func`` and so on, with every import rewritten.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = "intent_function"
PACKAGES = ("func", "model", "knative")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "artifacts", "data", "base", "overlays", "*.yaml")
# Import statements, also in strings of code, and the commands that help texts name.
NAME = re.compile(rf"\b((?:from|import|python -m) )({'|'.join(PACKAGES)})(?=[.\s`])")


class CustomBuildHook(BuildHookInterface[Any]):
    """Puts the rewritten packages into the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Write the packages to a folder, and have it included."""
        self._folder = tempfile.TemporaryDirectory()
        target = Path(self._folder.name) / PACKAGE
        target.mkdir()
        (target / "__init__.py").write_text('"""An intent classifier that runs as a function."""\n')
        for package in PACKAGES:
            shutil.copytree(Path(self.root, package), target / package, ignore=LEFT_OUT)
        for path in target.rglob("*.py"):
            path.write_text(moved(path.read_text()))
        build_data["force_include"][str(target)] = PACKAGE

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove the folder."""
        self._folder.cleanup()


def moved(source: str) -> str:
    """Return source code that finds the packages below the one of the wheel."""
    return NAME.sub(rf"\1{PACKAGE}.\2", source)
