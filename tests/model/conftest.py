"""Fixtures of the tests of commands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from model.predict import main
from model.training.fitted_model import MODEL_NAME

Run = Callable[..., tuple[int, str]]


@pytest.fixture(scope="session")
def small_path(small_folder: Path) -> str:
    """Path of the small model."""
    return str(small_folder / MODEL_NAME)


@pytest.fixture
def label(
    small_path: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Return a function that labels a table in this process; it returns exit code and errors."""
    monkeypatch.chdir(tmp_path)

    def run(table: str, output: str, *options: str) -> tuple[int, str]:
        files = ["--input", table, "--output", output]
        code = main([*files, "--model", small_path, "--jobs", "1", *options])
        return code, capsys.readouterr().err

    return run
