"""Training in a process of its own, so that the desk stays responsive and can cancel it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from model.atomic_files import write_atomically
from model.desk.errors import BusyError, DecisionError
from model.desk.examination import RESULT_NAME
from model.errors import ModelError
from model.inference.compiled_pipeline import COMPILED_NAME
from model.inference.encoders import ENCODER_NAME
from model.inference.model_card import CARD_NAME
from model.training.fitted_model import MODEL_NAME, REPORT_NAME

# The folder that `python -m` has to find the package in.
ROOT = Path(__file__).resolve().parents[__name__.count(".")]
COMMAND = (sys.executable, "-u", "-m", f"{__package__}.examination")
IDLE, RUNNING, DONE, FAILED, CANCELLED = "idle", "running", "done", "failed", "cancelled"
FILE_NAMES = (ENCODER_NAME, MODEL_NAME, COMPILED_NAME, CARD_NAME, REPORT_NAME)
MAX_LINES = 100
# Each model is compared with the one before it.
KEPT_MODELS = 2

# Receives the results of a training.
Finished = Callable[[dict[str, Any]], None]


class Training:
    """Trains one model at a time, and keeps the last two.

    Attributes:
        comparison: of the last two models; None before a second training.
    """

    def __init__(self, data: Path, finished: Finished) -> None:
        """Prepare a folder for models, which ``close`` removes.

        ``finished`` is called in a thread, with the results of each training.
        """
        self.comparison: dict[str, Any] | None = None
        self._data, self._finished = data.resolve(), finished
        self._folder = Path(mkdtemp(prefix="desk-"))
        self._lock = threading.Lock()
        self._models: list[Path] = []
        self._lines: deque[str] = deque(maxlen=MAX_LINES)
        self._state, self._count = IDLE, 0
        self._started = self._ended = time.monotonic()
        self._process: subprocess.Popen[str] | None = None
        self._reader = threading.Thread()

    @property
    def model(self) -> Path | None:
        """The folder of the newest model; None before the first one is trained."""
        return self._models[-1] if self._models else None

    def start(self) -> None:
        """Start a training, which is compared with the one before it.

        Raises:
            BusyError: one is running.
        """
        with self._lock:
            if self._state == RUNNING:
                raise BusyError
            self._count += 1
            folder = self._folder / str(self._count)
            folder.mkdir(parents=True)
            # Systems remove temporary files that nobody has used for some days.
            self._models = [each for each in self._models if (each / MODEL_NAME).exists()]
            before = ["--before", str(self._models[-1])] if self._models else []
            self._lines.clear()
            self._state, self._started = RUNNING, time.monotonic()
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [*COMMAND, str(self._data), str(folder), *before],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                # Ctrl-C must reach the desk alone, which cancels the training.
                process_group=0,
            )
            self._reader = threading.Thread(
                target=self._read, args=(self._process, folder), daemon=True
            )
            self._reader.start()

    def cancel(self) -> None:
        """End the training that is running, if there is one, with all of its processes."""
        with self._lock:
            if self._state == RUNNING and self._process:
                self._state = CANCELLED
                with suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGTERM)

    def wait(self) -> None:
        """Wait until no training is running and its results are taken over."""
        if self._reader.is_alive():
            self._reader.join()

    def close(self) -> None:
        """Cancel the training that is running, and remove all models."""
        self.cancel()
        self.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def status(self) -> dict[str, Any]:
        """Return the state, the lines of progress and the duration as JSON."""
        with self._lock:
            end = time.monotonic() if self._state == RUNNING else self._ended
            return {
                "state": self._state,
                "lines": list(self._lines),
                "seconds": round(end - self._started, 1),
                "models": self._count if self._models else 0,
                "can_compare": self.comparison is not None,
            }

    def adopt(self, output: Path) -> None:
        """Copy the newest model into a folder, each file atomically.

        Raises:
            DecisionError: no model is trained yet, or its files are gone.
            OSError: a file can't be written.
        """
        if self.model is None:
            raise DecisionError("No model is trained yet")
        contents = {name: _content(self.model / name) for name in FILE_NAMES}
        if contents[MODEL_NAME] is None or contents[CARD_NAME] is None:
            raise DecisionError("The files of the trained model are gone: train again")
        output.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            if content is None:  # as the report, which describes the former model
                (output / name).unlink(missing_ok=True)
            else:
                write_atomically(output / name, content)

    def _read(self, process: subprocess.Popen[str], folder: Path) -> None:
        assert process.stdout  # noqa: S101 - it is a pipe
        with process.stdout as lines:
            for line in lines:
                with self._lock:
                    self._lines.append(line.rstrip("\n"))
        is_trained = process.wait() == 0
        if is_trained:
            try:
                self._take_over(folder)
            except (OSError, ValueError, ModelError) as error:
                is_trained = False
                with self._lock:
                    self._lines.append(f"error: the trained model can't be used: {error}")
        with self._lock:
            self._ended = time.monotonic()
            if self._state == RUNNING:
                self._state = DONE if is_trained else FAILED

    def _take_over(self, folder: Path) -> None:
        result = json.loads((folder / RESULT_NAME).read_text(encoding="utf-8"))
        self._finished(result)
        self._models.append(folder)
        self.comparison = result.get("comparison")
        for former in self._models[:-KEPT_MODELS]:
            shutil.rmtree(former, ignore_errors=True)
        del self._models[:-KEPT_MODELS]


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
