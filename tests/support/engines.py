"""The virtual environment of data engines, which tests run scripts in."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.timeouts import TIMEOUT_S

PYTHON = ROOT / ".venv-engines/bin/python"
IS_REQUIRED = bool(os.environ.get("REQUIRE_ENGINES"))
# A short session gains nothing from Java's second compiler, nor from collecting garbage in threads.
QUICK_JVM = '--driver-java-options "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"'
needs_engines = pytest.mark.skipif(
    not (IS_REQUIRED or PYTHON.exists()), reason="needs the data engines: make test installs them"
)
needs_java = pytest.mark.skipif(
    not (IS_REQUIRED or shutil.which("java")), reason="needs Java, which Spark runs on"
)


def run_with_engines(script: str, *arguments: str, folder: Path) -> None:
    """Run a script of Python in a folder, with this package importable, and require success."""
    environ = {
        "PYSPARK_PYTHON": str(PYTHON),
        "PYSPARK_SUBMIT_ARGS": f"--master local[2] --conf spark.ui.enabled=false {QUICK_JVM} "
        "pyspark-shell",
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYTHONPATH": str(ROOT),
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    finished = subprocess.run(
        [PYTHON, "-c", script, *arguments],
        cwd=folder,
        env=os.environ | environ,
        capture_output=True,
        text=True,
        timeout=5 * TIMEOUT_S,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr[-4000:]
