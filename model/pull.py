"""Command ``python -m model.pull URI``: read a model from a store."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path

from rich.console import Console

from model.atomic_files import write_atomically
from model.command import TRAINED_MODEL, build_parser, model_name, run_command
from model.errors import StoreError, StoreMissingError
from model.inference.encoders import ENCODER_NAME
from model.store.manifest import ALL_NAMES
from model.store.model_files import fetch
from model.store.opening import open_store
from model.store.pointers import key_of_pointer, read_pointer
from model.store.registry import RegistryTransport
from model.store.transport import Transport
from model.store.uri import StoreUri

EXAMPLES = """\
examples:
  python -m model.pull s3://bucket/models#sha256=... --output /tmp/model
  python -m model.pull s3://bucket/models --as acme --output /tmp/acme
  python -m model.pull oci://registry.example.com/intent:1.4 --digest

The folder then holds the compiled form, the card and the sentence encoder, if the model has one:
MODEL_URI=/tmp/model serves them.
Exit codes: 0 pulled, 1 the store can't be used, or the folder holds a model, 2 wrong usage.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code."""
    options = _parser().parse_args(arguments)
    return run_command(partial(_pull, options), output=options.output)


def _pull(options: argparse.Namespace, console: Console, errors: Console) -> int:
    uri = StoreUri.parse(options.uri)
    transport = open_store(uri)
    uri = _with_digest(uri, transport, options.name)
    if options.output is None:
        console.print(str(uri))
        return 0
    files = fetch(uri, transport=transport, progress=lambda file: errors.print(f"Fetching {file}"))
    model = files.load()  # a model that fails its self-test is not written
    folder: Path = options.output
    contents = files.all_contents
    for path in (folder / name for name in ALL_NAMES):
        if path.exists() and not options.force:
            raise StoreError(path, "exists already", "Pass another folder, or --force")
    _refuse_other_pickle(folder / TRAINED_MODEL.name, model.card.model_sha256)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ENCODER_NAME).unlink(missing_ok=True)  # that of a former model
    for name, content in contents.items():
        write_atomically(folder / name, bytes(content))
    errors.print(f"Wrote {' and '.join(contents)} in {folder}")
    console.print(str(uri))
    return 0


def _refuse_other_pickle(path: Path, model_sha256: str) -> None:
    """Raise StoreError if a folder has the pickle of another model: MODEL_PATH names it."""
    if path.exists() and sha256(path.read_bytes()).hexdigest() != model_sha256:
        raise StoreError(
            path, "is the pickle of another model", "Delete it, or pass another folder"
        )


def _with_digest(uri: StoreUri, transport: Transport, name: str | None) -> StoreUri:
    """Return the URI with the digest that it, its tag or a published name has."""
    if name is not None:
        pointer = read_pointer(transport, uri.location, name)
        if pointer is None:
            raise StoreMissingError(f"{uri.location}/{key_of_pointer(name)}")
        return uri.with_digest(pointer.current.digest)
    if uri.digest is None and isinstance(transport, RegistryTransport) and transport.tag:
        return uri.with_digest(transport.tagged_digest())
    uri.required_digest()
    return uri


def _parser() -> argparse.ArgumentParser:
    parser = build_parser("pull", "Read a model from a store, verified by its digest.", EXAMPLES)
    parser.add_argument("uri", help="the store, with the model's digest or a registry's tag")
    parser.add_argument(
        "--as", dest="name", type=model_name, metavar="NAME", help="the model published as NAME"
    )
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--output", type=Path, metavar="FOLDER", help="folder for the model")
    target.add_argument(
        "--digest", action="store_true", help="only print the URI with the model's digest"
    )
    parser.add_argument("--force", action="store_true", help="replace a model in the folder")
    return parser


if __name__ == "__main__":
    sys.exit(main())
