"""Command ``python -m model.push URI``: write a trained model into a store."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rich.console import Console

from model.command import ARTIFACTS, build_parser, model_name, run_command
from model.errors import StoreError
from model.store.model_files import ModelFiles, push
from model.store.opening import open_store
from model.store.pointers import (
    first_pointer,
    key_of_pointer,
    read_pointer,
    write_pointer,
)
from model.store.registry import RegistryTransport
from model.store.transport import Transport
from model.store.uri import StoreUri

EXAMPLES = """\
examples:
  python -m model.push s3://bucket/models                      write the model in model/artifacts
  python -m model.push oci://registry.example.com/intent:1.4   also under a tag
  python -m model.push s3://bucket/models --as acme            publish it as the model of acme
  python -m model.push s3://bucket/models --as acme --rollback return to acme's version before
  python -m model.push /srv/models --model /tmp/model          a folder, to be mounted or uploaded

Stores are folders, s3://, gs://, az:// (requirements/stores.txt) and oci://. Written are the
compiled form, the card and the sentence encoder, if the model has one, never the pickle. What the
store holds is never overwritten; a tag that names another model stays, unless --force is passed.
The last line is the URI with the model's digest, for MODEL_URI.
Exit codes: 0 pushed, or there already, 1 the model or the store can't be used, 2 wrong usage.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.rollback and options.name is None:
        parser.error("--rollback needs --as NAME")
    body = _roll_back if options.rollback else _push
    return run_command(partial(body, options))


def _push(options: argparse.Namespace, console: Console, errors: Console) -> int:
    uri = StoreUri.parse(options.uri)
    files = ModelFiles.read(options.model)
    files.load()  # a model that fails its self-test is not pushed
    transport = _open(uri, options)
    tagged = transport if isinstance(transport, RegistryTransport) and transport.tag else None
    if tagged and not options.force:
        tagged.check_tag(files.digest)
    is_new = push(files, transport, progress=lambda file: errors.print(f"Uploading {file}"))
    if tagged:
        tagged.set_tag(files.manifest.to_bytes())
    if options.name is not None:
        _publish(transport, uri, options.name, files.digest, errors)
    if not is_new:
        errors.print("The store holds this model already")
    console.print(str(uri.with_digest(files.digest)))
    return 0


def _publish(transport: Transport, uri: StoreUri, name: str, digest: str, errors: Console) -> None:
    pointer = read_pointer(transport, uri.location, name)
    if pointer and pointer.current.digest == digest:
        errors.print(f"{name} is this model already")
        return
    following = pointer.followed_by(digest) if pointer else first_pointer(digest)
    write_pointer(transport, name, following)
    errors.print(f"Published as {name}")


def _roll_back(options: argparse.Namespace, console: Console, errors: Console) -> int:
    uri, name = StoreUri.parse(options.uri), options.name
    transport = _open(uri, options)
    pointer = read_pointer(transport, uri.location, name)
    previous = pointer.rolled_back() if pointer else None
    if previous is None:
        place = f"{uri.location}/{key_of_pointer(name)}"
        raise StoreError(place, "names no version to return to", "Push a model under this name")
    write_pointer(transport, name, previous)
    errors.print(f"{name} is the model before again")
    console.print(str(uri.with_digest(previous.current.digest)))
    return 0


def _open(uri: StoreUri, options: argparse.Namespace) -> Transport:
    if uri.digest is not None:
        raise StoreError(uri.location, "is followed by a digest", "Leave it out: the model has one")
    if options.name is not None and uri.is_registry:
        remedy = "Push it under a tag, or to a folder or an object store"
        raise StoreError(uri.location, "keeps no names", remedy)
    return open_store(uri)


def _parser() -> argparse.ArgumentParser:
    parser = build_parser("push", "Write a trained model into a store.", EXAMPLES)
    parser.add_argument("uri", help="the store: a folder, s3://, gs://, az:// or oci://")
    parser.add_argument(
        "--model", type=Path, default=ARTIFACTS, help="the model's folder (default model/artifacts)"
    )
    parser.add_argument(
        "--as", dest="name", type=model_name, metavar="NAME", help="publish it as the model NAME"
    )
    parser.add_argument(
        "--rollback", action="store_true", help="publish the version before as NAME again"
    )
    parser.add_argument("--force", action="store_true", help="let a tag name another model")
    return parser


if __name__ == "__main__":
    sys.exit(main())
