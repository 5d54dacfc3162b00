"""A gateway that routes by Host header to functions with fixed responses."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from urllib.parse import urlsplit

import urllib3

from knative.rollout.smoke import SHIPPED_CASES
from tests.support.kubernetes.fake_api import FakeApi
from tests.support.kubernetes.http_servers import Handler, ThreadedServer

JSON = {"Content-Type": "application/json"}
Response = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True)
class Request:
    """A request that the gateway received."""

    method: str
    path: str
    headers: Message
    body: bytes


Function = Callable[[Request], Response]


def sound(request: Request) -> Response:
    """Respond as the function does to the shipped cases."""
    if request.method == "GET":
        return 200, JSON, b'{"status": "ok"}'
    intents = {case.text: case.intent for case in SHIPPED_CASES}
    intent = intents[json.loads(request.body)["text"]]
    answer = {"intent": intent, "confidence": 0.97}
    if "ce-id" not in request.headers:
        return 200, JSON, json.dumps(answer).encode()
    event = {"Ce-Type": "org.intentclassifier.intent.classified", "Ce-Intent": intent}
    answer |= {"request": {"id": request.headers["ce-id"]}}
    return 200, JSON | event, json.dumps(answer).encode()


def constant(status: int, body: bytes = b"{}", **headers: str) -> Function:
    """Return a function that always sends the same response."""
    return lambda _: (status, JSON | headers, body)


def forwarding(url: str) -> Function:
    """Return a function that forwards requests to a real server."""

    def forward(request: Request) -> Response:
        headers = dict(request.headers.items())
        answer = urllib3.request(
            request.method, url + request.path, body=request.body, headers=headers, retries=False
        )
        kept = {name: value for name, value in answer.headers.items() if name != "Content-Length"}
        return answer.status, kept, answer.data

    return forward


class Gateway:
    """Routes each request to the function of the revision that its Host names.

    Attributes:
        functions: the function of each image; by default, ``sound``.
        hosts: the hosts of all requests.
    """

    def __init__(self, api: FakeApi) -> None:
        self.api = api
        self.functions: dict[str, Function] = {}
        self.hosts: list[str] = []
        gateway = self

        class GatewayHandler(Handler):
            def do_GET(self) -> None:  # noqa: N802
                self._forward()

            def do_POST(self) -> None:  # noqa: N802
                self._forward()

            def _forward(self) -> None:
                gateway.hosts.append(self.headers["Host"])
                body = self.read_body()
                request = Request(self.command, self.path, self.headers, body)
                self.answer(*gateway.route(self.headers["Host"])(request))

        self.server = ThreadedServer(GatewayHandler)
        self.url = self.server.url

    def route(self, host: str) -> Function:
        """Return the function behind a host."""
        status = self.api.service["status"]
        for entry in status["traffic"]:
            is_main = host == urlsplit(status["url"]).netloc and entry.get("percent")
            if is_main or host == urlsplit(entry.get("url", "")).netloc:
                spec = self.api.revisions[entry["revisionName"]]["spec"]
                return self.functions.get(spec["containers"][1]["image"], sound)
        return constant(404)
