"""Command ``python -m model.compile PATH``: compile a pipeline that another program has fitted."""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from model.atomic_files import write_atomically
from model.command import build_parser, run_command
from model.errors import (
    ArtifactBrokenError,
    ArtifactMissingError,
    CompilationError,
    DataError,
    EqualityError,
    InvalidCompiledFormError,
)
from model.inference.compiled_pipeline import COMPILED_SUFFIX


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code: 0 for a compiled pipeline, else 1."""
    path: Path = _parser().parse_args(arguments).path
    target = path.with_suffix(COMPILED_SUFFIX)

    def compile_file(console: Console, _: Console) -> int:
        content = _compile(path)
        write_atomically(target, content)
        size = f"{len(content) / 1e6:.1f} MB"
        console.print(f"Wrote {target} ({size}); it answers as the pipeline does")
        return 0

    return run_command(compile_file, output=target)


def _compile(path: Path) -> bytes:
    from model.compilation.verification import compile_and_verify
    from model.inference.sklearn_scorer import PipelineScorer

    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ArtifactMissingError(path) from error
    except OSError as error:
        raise ArtifactBrokenError(path, f"can't be read: {error.strerror}") from error
    scorer = PipelineScorer.from_bytes(content, path)
    try:
        compiled = compile_and_verify(scorer)
    except (CompilationError, EqualityError, InvalidCompiledFormError) as error:
        raise DataError.at(path, f"can't be compiled: {error}") from error
    return compiled.to_bytes(model_sha256=hashlib.sha256(content).hexdigest())


def _parser() -> argparse.ArgumentParser:
    parser = build_parser(
        "compile",
        "Compile a fitted scikit-learn pipeline, stored by joblib, into the form that is served "
        "without scikit-learn, and verify that both return the same answers. Loading a pickle "
        "executes code: compile only files that you trust.",
    )
    parser.add_argument("path", type=Path, help="the pipeline; the result is written beside it")
    return parser


if __name__ == "__main__":
    sys.exit(main())
