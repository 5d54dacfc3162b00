"""One thread for linear algebra, however the function is served."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
import requests
from urllib3 import Retry

from model.training.fitted_model import MODEL_NAME
from tests.support.paths import ROOT
from tests.support.ports import free_port
from tests.support.processes import count_threads, unmeasured
from tests.support.servers import run_server
from tests.support.timeouts import TIMEOUT_S

BLAS_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
RETRY_S = 0.05
MAX_RETRIES = round(TIMEOUT_S / RETRY_S)
# parliament's port is fixed; another process may have it.
PARLIAMENT = """
import runpy, sys, waitress
serve, port = waitress.serve, int(sys.argv.pop())
waitress.serve = lambda app, **_: serve(app, host="127.0.0.1", port=port)
runpy.run_module("parliament", run_name="__main__")
"""


def own_server(_: int) -> list[str]:
    """Return the command of our server, whose port PORT sets."""
    return ["-m", "func.server"]


def gunicorn(port: int) -> list[str]:
    """Return the command of gunicorn, without the thread that listens to commands."""
    return ["-m", "gunicorn", "--no-control-socket", "--bind", f"127.0.0.1:{port}", "func.app:app"]


def parliament(port: int) -> list[str]:
    """Return the command of the parliament runtime."""
    return ["-c", PARLIAMENT, ".", str(port)]


@pytest.fixture
def threads_of(small_folder) -> Callable[..., int]:
    """Serve until the first prediction, and return the number of threads then."""

    def serve(command: Callable[[int], list[str]], **variables: str) -> int:
        port = free_port()
        inherited = unmeasured()
        environ = {key: inherited[key] for key in inherited.keys() - set(BLAS_VARIABLES)} | {
            "MODEL_PATH": str(small_folder / MODEL_NAME),
            "HOST": "127.0.0.1",
            "PORT": str(port),
            **variables,
        }
        with (
            subprocess.Popen(
                [sys.executable, *command(port)], cwd=ROOT, env=environ, stderr=subprocess.DEVNULL
            ) as process,
            requests.Session() as session,
        ):
            retries = Retry(
                total=None,
                connect=MAX_RETRIES,
                backoff_factor=RETRY_S,
                backoff_max=RETRY_S,
                allowed_methods=None,
            )
            session.mount("http://", requests.adapters.HTTPAdapter(max_retries=retries))
            try:
                session.post(f"http://127.0.0.1:{port}/", json={"text": "hello"}, timeout=60)
                return count_threads(process.pid)
            finally:
                process.terminate()

    return serve


@pytest.mark.parametrize("command", [own_server, gunicorn, parliament])
def test_linear_algebra_has_one_thread_unless_the_environment_says_otherwise(threads_of, command):
    """A second thread of OpenBLAS exists if OPENBLAS_NUM_THREADS asks for it, and only then."""
    default = threads_of(command)

    assert default == threads_of(command, OPENBLAS_NUM_THREADS="1")
    assert default + 1 == threads_of(command, OPENBLAS_NUM_THREADS="2")


def test_importing_the_function_loads_no_numpy():
    """The variables that limit BLAS are set before anything can load numpy."""
    code = "import func, os, sys; print('numpy' in sys.modules, os.environ['OPENBLAS_NUM_THREADS'])"
    environ = {key: os.environ[key] for key in os.environ.keys() - set(BLAS_VARIABLES)}
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, check=True
    )

    assert process.stdout == b"False 1\n"


def test_wrong_setting_ends_the_start_before_numpy_is_loaded():
    """The error is immediate: the import of numpy would be most of the time."""
    ended = run_server({"PORT": "x"}, "-X", "importtime", "-m", "func.server")

    assert ended.returncode == 1
    assert "PORT='x' is not allowed" in ended.stderr
    assert "func.settings" in ended.stderr
    assert "numpy" not in ended.stderr
