"""The commands of a document, run in one shell as a reader would type them."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import unmeasured

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Numbers that another machine may round otherwise, and times.
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
    """Run commands in one shell in a clean clone, and return the output of each.

    The servers that the commands start listen on ``port``. Returns when all of them have ended.
    """
    mark = "===== next command =====\n"
    script = "exec 2>&1\n"
    for command in commands:
        script += f"{command.line.replace('8090', str(port))}\nprintf '{mark.strip()}\\n'\n"
    # Other tests measure the coverage of what the commands do. make must not see its caller.
    environ = {key: value for key, value in unmeasured().items() if not key.startswith("MAKE")}
    done = subprocess.run(
        ["/bin/bash", "-c", script],
        cwd=folder,
        env=environ | {"HOST": "127.0.0.1", "COLUMNS": "80"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    outputs = done.stdout.split(mark)[:-1]
    return [re.sub(r"(?<=[^\n])\Z", "\n", output) for output in outputs]
