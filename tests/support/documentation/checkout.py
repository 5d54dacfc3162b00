"""A clean clone of the project, with the virtual environment of the tests."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT


def check_out(folder: Path) -> None:
    """Copy into a folder what a clone would hold if all changes were committed.

    The folder's ``.venv`` consists of links to the environment that runs the tests, and counts as
    installed.
    """
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    environment = folder / ".venv"
    environment.mkdir()
    for path in Path(sys.prefix).iterdir():
        if not path.name.startswith("."):  # the stamps of make
            (environment / path.name).symlink_to(path)
    (environment / ".installed").touch()
