"""The commands of a document, run in one shell as a reader would type them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.support.paths import ROOT

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FOLDERS = ("examples", "func", "model")
# Numbers that depend on the machine's rounding, and times.
VARYING = re.compile(r"\d+\\\.\d+|(?<=after\\ )\d+")


@dataclass(frozen=True, slots=True)
class Command:
    """A command and the output that the document shows; a line ``...`` stands for any others."""

    line: str
    output: str

    def gives(self, output: str) -> bool:
        """Return whether an output equals the documented one, except for varying numbers."""
        pattern = re.escape(self.output).replace(re.escape("...\n"), "(?:.*\n)*")
        return re.fullmatch(VARYING.sub(r"[\\d.]+", pattern), output) is not None


def commands_in(document: Path, *, without: str = "kubectl") -> list[Command]:
    """Return a document's commands in order, without those that need a cluster."""
    found = []
    for block in BLOCK.findall(document.read_text("utf-8")):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, _, output = part.partition("\n")
            if not line.startswith(without):
                found.append(Command(line, output))
    return found


def run(commands: list[Command], folder: Path, port: int) -> list[str]:
    """Run commands in a copy of the project's layout; return the output of each."""
    for name in FOLDERS:
        (folder / name).symlink_to(ROOT / name)
    (folder / ".venv").symlink_to(sys.prefix)
    mark = "===== next command =====\n"
    script = "exec 2>&1\n"
    for command in commands:
        line = command.line.replace("8090", str(port))
        script += f"{line}\nprintf '{mark.strip()}\\n'\n"
    # Tests of the commands measure their coverage.
    environ = {key: value for key, value in os.environ.items() if not key.startswith("COV")}
    done = subprocess.run(
        ["/bin/bash", "-c", script],
        cwd=folder,
        env=environ | {"PORT": str(port), "HOST": "127.0.0.1", "COLUMNS": "80"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    outputs = done.stdout.split(mark)[:-1]
    return [re.sub(r"(?<=[^\n])\Z", "\n", output) for output in outputs]
