"""The HTTP side of the fake API: paths, responses, watches and injected faults."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.support.kubernetes import json_patch
from tests.support.kubernetes.http_servers import Handler

if TYPE_CHECKING:
    from tests.support.kubernetes.fake_api import FakeApi

PREFIX = "/apis/serving.knative.dev/v1/namespaces/intent-namespace/"
Document = dict[str, Any]


class DeniedError(Exception):
    """The webhook denies the change."""


class ApiHandler(Handler):
    """Serves one fake API."""

    api: FakeApi

    def do_GET(self) -> None:  # noqa: N802
        """Read an object, list objects, or watch them."""
        self._handle(lambda _: self._watch() if "watch=true" in self.path else self._read())

    def do_PATCH(self) -> None:  # noqa: N802
        """Apply a JSON Patch."""
        self._handle(self._patch)

    def do_POST(self) -> None:  # noqa: N802
        """Review an access."""
        self._handle(self._review)

    def _handle(self, act: Callable[[bytes], None]) -> None:
        body, api = self.read_body(), self.api
        line = f"{self.command} {urlsplit(self.path).path.removeprefix(PREFIX)}"
        api.log.append(line)
        if api.away or api.drops:
            api.drops = max(0, api.drops - 1)
            self.hang_up()
        elif api.statuses:
            self._refuse(api.statuses.popleft(), "try again")
        elif api.bodies:
            self.answer(200, {"Content-Type": "application/json"}, api.bodies.popleft())
        elif any(each in line for each in api.forbidden):
            verb = self.command.lower()
            self._refuse(403, f'services "x" is forbidden: User "{api.user}" cannot {verb} it')
        else:
            act(body)

    def _read(self) -> None:
        parts = urlsplit(self.path)
        path = parts.path.removeprefix(PREFIX)
        selector = parse_qs(parts.query).get("labelSelector", [""])[0]
        found = self.api.read(path, selector)
        if found is None:
            self._refuse(404, f'"{path}" not found')
        elif isinstance(found, str):
            self.answer(200, {"Content-Type": "text/plain"}, found.encode())
        else:
            self._send(200, found)

    def _review(self, body: bytes) -> None:
        attributes = json.loads(body)["spec"]["resourceAttributes"]
        action = f"{attributes['verb']} {attributes['resource']}"
        self._send(201, {"status": {"allowed": action not in self.api.denied}})

    def _patch(self, body: bytes) -> None:
        if self.headers["Content-Type"] != "application/json-patch+json":
            self._refuse(415, "the body of the request was in an unknown format")
            return
        try:
            document = self.api.patch(json.loads(body))
        except json_patch.PatchError:
            self._refuse(422, "the server rejected our request due to an error in our request")
        except DeniedError as error:
            self._refuse(400, f'admission webhook "validation" denied the request: {error}')
        else:
            self._confirm(document)

    def _confirm(self, document: Document) -> None:
        if self.api.lost_answers:
            self.api.lost_answers -= 1
            self.hang_up()
        else:
            self._send(200, document)

    def _watch(self) -> None:
        if self.api.watching == "forbidden":
            self._refuse(403, "cannot watch")
            return
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.close_connection = True
        if self.api.watching == "works":
            self._send_changes()
        elif self.api.watching == "expired":
            gone = {"code": 410, "reason": "Expired", "message": "too old resource version"}
            self._send_event({"type": "ERROR", "object": gone})
        elif self.api.watching == "deleted":
            self._send_event({"type": "DELETED", "object": {"metadata": {"resourceVersion": "1"}}})
            self._send_chunk(b"")
        elif self.api.watching == "garbled":
            self._send_chunk(b"{not JSON\n")
        elif self.api.watching == "incomplete":
            self._send_chunk(b"{}\n")

    def _send_changes(self) -> None:
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        changes = self.api.changes(
            kind=parts.path.removeprefix(PREFIX),
            name=query["fieldSelector"].removeprefix("metadata.name="),
            after=int(query["resourceVersion"]),
            timeout_s=float(query["timeoutSeconds"]),
        )
        for document in changes:
            self._send_event({"type": "MODIFIED", "object": document})
        self._send_chunk(b"")

    def _send_event(self, event: Document) -> None:
        self._send_chunk(json.dumps(event).encode() + b"\n")

    def _send_chunk(self, chunk: bytes) -> None:
        self.wfile.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        self.wfile.flush()

    def _send(self, status: int, document: Document) -> None:
        self.answer(status, {"Content-Type": "application/json"}, json.dumps(document).encode())

    def _refuse(self, status: int, message: str) -> None:
        self._send(status, {"kind": "Status", "message": message, "code": status})
