"""Start a server on its core, wait for its first prediction, and stop it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load.http_client import OK, Response, exchange
from benchmarks.system.cpu_affinity import SERVER_CORE, pinned_to
from benchmarks.system.errors import ServerError

POLL_S = 0.002
START_TIMEOUT_S = 90.0
STOP_TIMEOUT_S = 15.0
# Variables of the calling shell that must not reach a contender.
_FOREIGN = ("PYTHON", "VIRTUAL_ENV")


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A command with its environment, to start a server.

    Attributes:
        command, folder, environ: command line, working directory and environment variables.
        port: port on which it will listen.
        log: file for its output.
    """

    command: Sequence[str]
    folder: Path
    environ: Mapping[str, str]
    port: int
    log: Path


class Server:
    """A running server.

    Attributes:
        port, log: its port, and the file with its output.
        started_at, terminated_at: by ``time.perf_counter``; the latter is set by ``terminate``.
    """

    def __init__(self, launch: Launch) -> None:
        self.port, self.log = launch.port, launch.log
        self.started_at = self.terminated_at = time.perf_counter()
        self._process = _spawn(launch)

    @property
    def pid(self) -> int:
        """Return the identifier of the process; it may have children."""
        return self._process.pid

    def await_prediction(self, request: bytes, is_right: Callable[[Response], bool]) -> float:
        """Send requests in a tight loop until the response is right.

        Returns:
            Seconds since the start.

        Raises:
            ServerError: the server exited, or did not respond in time.
        """
        while not self._answers(request, is_right):
            if self._process.poll() is not None:
                raise ServerError(f"exited with code {self._process.returncode}", self.log)
            if time.perf_counter() - self.started_at > START_TIMEOUT_S:
                raise ServerError(f"no right response within {START_TIMEOUT_S:.0f} s", self.log)
            time.sleep(POLL_S)
        return time.perf_counter() - self.started_at

    def _answers(self, request: bytes, is_right: Callable[[Response], bool]) -> bool:
        try:
            answer = exchange(self.port, request, timeout_s=START_TIMEOUT_S)
        except OSError:
            return False
        return answer.status == OK and is_right(answer)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.terminated_at = time.perf_counter()
        self._process.terminate()

    def wait(self) -> int:
        """Wait until it exits; return its exit code, negative if it had to be killed."""
        try:
            return self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._kill()
            return self._process.wait()

    def stop(self) -> None:
        """Stop the process and all of its children."""
        self.terminate()
        self.wait()
        self._kill()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)


@contextmanager
def serving(launch: Launch) -> Iterator[Server]:
    """Start a server, and stop it on exit."""
    server = Server(launch)
    try:
        yield server
    finally:
        server.stop()


def _spawn(launch: Launch) -> subprocess.Popen[bytes]:
    launch.log.parent.mkdir(parents=True, exist_ok=True)
    environ = {key: value for key, value in os.environ.items() if not key.startswith(_FOREIGN)}
    with launch.log.open("wb") as log, pinned_to(SERVER_CORE):
        return subprocess.Popen(  # noqa: S603 - the benchmark's own commands
            launch.command,
            cwd=launch.folder,
            env=environ | dict(launch.environ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # its own process group: its children can be stopped too
        )
