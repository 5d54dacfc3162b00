"""Gateways that ask the function about each request, configured as docs/callers.md says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from tests.support.documentation.snippets import CALLERS
from tests.support.gateways.envoy import Envoy
from tests.support.gateways.traefik import Traefik
from tests.support.servers import served

HEADERS = ("x-intent", "x-confidence")


def documented(heading: str) -> Any:
    """Return the configuration below a heading of docs/callers.md."""
    section = CALLERS.read_text().partition(f"\n### {heading}\n")[2]
    found = re.search(r"```yaml\n(.*?)```", section, re.DOTALL)
    assert found
    return yaml.safe_load(found[1])


class AuthorizingEnvoy(Envoy):
    """Asks a server about each request, and routes those of one intent elsewhere."""

    def __init__(self, folder: Path, function_port: int, ports: dict[str, int]) -> None:
        """Route the requests of each intent to a port; ``""`` stands for all others."""
        self._ports = ports
        super().__init__(folder, function_port)

    def _configuration(self, server_port: int) -> dict[str, Any]:
        configuration = super()._configuration(server_port)
        [cluster] = configuration["static_resources"]["clusters"]
        manager = _manager(configuration)
        authorization = documented("Envoy")
        authorization["typed_config"]["http_service"]["server_uri"] |= {"timeout": "10s"}
        manager["http_filters"].insert(0, authorization)
        manager["route_config"]["virtual_hosts"][0]["routes"] = [
            {"match": {"prefix": "/", **_header(intent)}, "route": {"cluster": f"to-{intent}"}}
            for intent in sorted(self._ports, reverse=True)
        ]
        clusters = [_moved(cluster, "intent-classifier", server_port)]
        clusters += [_moved(cluster, f"to-{name}", port) for name, port in self._ports.items()]
        configuration["static_resources"]["clusters"] = clusters
        return configuration


class AuthorizingTraefik(Traefik):
    """Asks a server about each request before it passes it on."""

    def __init__(self, folder: Path, function_port: int, backend: str) -> None:
        self._function_port = function_port
        super().__init__(folder, [backend])

    def _rules_for(self, backends: Any) -> dict[str, Any]:
        rules = super()._rules_for(backends)
        middleware = documented("Traefik")
        address = middleware["forwardAuth"]["address"]
        at_server = address.replace("intent-classifier:8080", f"127.0.0.1:{self._function_port}")
        middleware["forwardAuth"]["address"] = at_server
        rules["middlewares"] = {"intent": middleware}
        rules["routers"]["all"]["middlewares"] = ["intent"]
        return rules


@contextmanager
def echo_server() -> Iterator[int]:
    """Run a server that answers with the path and the headers of intents, and yield its port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as server, served(server):
        yield server.server_port


class _Echo(BaseHTTPRequestHandler):
    """Answers any request with what it has received."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer a request with a body."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        received = {name: self.headers[name] for name in HEADERS}
        assert isinstance(self.server, ThreadingHTTPServer)
        port = self.server.server_port
        content = json.dumps({**received, "port": port, "body": body.decode()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        """Answer a request without a body."""
        self.do_POST()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def _manager(configuration: dict[str, Any]) -> dict[str, Any]:
    [listener] = configuration["static_resources"]["listeners"]
    manager: dict[str, Any] = listener["filter_chains"][0]["filters"][0]["typed_config"]
    return manager


def _header(intent: str) -> dict[str, Any]:
    match = {"name": "x-intent", "string_match": {"exact": intent}}
    return {"headers": [match]} if intent else {}


def _moved(cluster: dict[str, Any], name: str, port: int) -> dict[str, Any]:
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    endpoint = {"endpoint": {"address": address}}
    assignment = {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]}
    return {**cluster, "name": name, "load_assignment": assignment}
