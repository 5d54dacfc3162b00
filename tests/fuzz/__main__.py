"""Fuzz, guided by coverage: ``python -m tests.fuzz TARGET [options of libFuzzer]``.

Begins with the seeds in ``tests/fuzz/seeds/TARGET``, where each finding is then kept, so that
``test_seeds.py`` tries it ever after. What is merely interesting goes to a temporary folder.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["func", "model"]):
    from tests.fuzz.targets import TARGETS, built_seeds

SEEDS = Path(__file__).parent / "seeds"


def main() -> None:
    """Run a target until its time is over or something is found."""
    name, *options = sys.argv[1:]
    corpus = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-"))
    if name == "file":
        for number, seed in enumerate(built_seeds()):
            (corpus / f"built-{number}").write_bytes(seed)
    findings = f"-artifact_prefix={SEEDS / name}/"
    arguments = [sys.argv[0], findings, "-timeout=5", "-rss_limit_mb=1024", *options]
    atheris.Setup([*arguments, str(corpus), str(SEEDS / name)], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
