"""A real Envoy that routes all requests to one server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import yaml

from tests.support.gateways.access_log import AccessLog
from tests.support.ports import free_port
from tests.support.servers import can_connect, wait_for
from tests.support.timeouts import TIMEOUT_S

ENVOY = Path(sys.executable).with_name("envoy")
FIELDS = {
    "method": "%REQ(:METHOD)%",
    "target": "%REQ(:PATH)%",
    "body_bytes": "%BYTES_RECEIVED%",
    "details": "%RESPONSE_CODE_DETAILS%",
}
EXTENSIONS = "type.googleapis.com/envoy.extensions"
MANAGER = "filters.network.http_connection_manager.v3.HttpConnectionManager"


class Envoy:
    """Sends all requests over one kept connection of HTTP/1.1."""

    def __init__(self, folder: Path, server_port: int) -> None:
        self.port = free_port()
        self._log = AccessLog(folder / "access.jsonl")
        rules = folder / "envoy.yaml"
        rules.write_text(yaml.safe_dump(self._configuration(server_port)))
        command = (
            *(str(ENVOY), "--config-path", str(rules), "--concurrency", "1"),
            *("--disable-hot-restart", "--log-level", "off", "--file-flush-interval-msec", "20"),
        )
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def forwarded(self) -> list[tuple[str, str, int]]:
        """Return method, target and length of the body of each request that the server answered."""
        return [
            (entry["method"], entry["target"], entry["body_bytes"])
            for entry in self._log.entries()
            if entry["details"] == "via_upstream"
        ]

    def __enter__(self) -> Self:
        wait_for(lambda: can_connect(self.port))
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(TIMEOUT_S)

    def _configuration(self, server_port: int) -> dict[str, Any]:
        manager = {
            "@type": f"{EXTENSIONS}.{MANAGER}",
            "stat_prefix": "http",
            # As lenient as it can be, so that most of what is odd reaches the server.
            "http_protocol_options": {"accept_http_10": True, "allow_chunked_length": True},
            # What a client leaves open is not awaited for long.
            "request_timeout": "2s",
            "delayed_close_timeout": "0.01s",
            "common_http_protocol_options": {"idle_timeout": "2s"},
            "http_filters": [
                {
                    "name": "router",
                    "typed_config": {"@type": f"{EXTENSIONS}.filters.http.router.v3.Router"},
                }
            ],
            "access_log": [
                {
                    "name": "file",
                    "typed_config": {
                        "@type": f"{EXTENSIONS}.access_loggers.file.v3.FileAccessLog",
                        "path": str(self._log.path),
                        "log_format": {"json_format": FIELDS},
                    },
                }
            ],
            "route_config": {
                "virtual_hosts": [
                    {
                        "name": "all",
                        "domains": ["*"],
                        "routes": [{"match": {"prefix": ""}, "route": {"cluster": "function"}}],
                    }
                ]
            },
        }
        listener = {
            "address": _address(self.port),
            "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
        }
        cluster = {
            "name": "function",
            "circuit_breakers": {"thresholds": [{"max_connections": 1}]},
            "load_assignment": {
                "cluster_name": "function",
                "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _address(server_port)}}]}],
            },
        }
        return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
