"""The compiling command: ``python -m model.compile PATH``, for a pipeline of one's own."""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

from model.atomic_files import write_atomically
from model.compilation.verification import compile_and_verify
from model.errors import ArtifactError, ArtifactMissingError, ModelError
from model.inference.compiled_pipeline import COMPILED_SUFFIX
from model.inference.sklearn_scorer import PipelineScorer


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns:
        The exit code: 0 compiled, 1 it can't be compiled, read or written.
    """
    path: Path = _parser().parse_args(arguments).path
    target = path.with_suffix(COMPILED_SUFFIX)
    try:
        size = _compile(path, target)
    except ArtifactError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command talks to its user
    except ModelError as error:
        print(f"{path} can't be compiled: {error}", file=sys.stderr)  # noqa: T201
    except OSError as error:
        print(f"{target} can't be written: {error.strerror}", file=sys.stderr)  # noqa: T201
    else:
        print(f"Wrote {target} ({size / 1e6:.1f} MB); it answers as the pipeline does")  # noqa: T201
        return 0
    return 1


def _compile(path: Path, target: Path) -> int:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ArtifactMissingError(path) from error
    compiled = compile_and_verify(PipelineScorer.from_bytes(content, path))
    compiled_content = compiled.to_bytes(model_sha256=hashlib.sha256(content).hexdigest())
    write_atomically(target, compiled_content)
    return len(compiled_content)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m model.compile",
        description=(
            "Compile a fitted scikit-learn pipeline, as joblib wrote it, into the form that is "
            "served without scikit-learn, and prove that both give the same answers. Executes "
            "what the file holds: only for files that one trusts."
        ),
    )
    parser.add_argument("path", type=Path, help="the pipeline; the result is written beside it")
    return parser


if __name__ == "__main__":
    sys.exit(main())
