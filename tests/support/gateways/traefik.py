"""A real Traefik whose backends change, as pods do in Kubernetes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import requests
import yaml

from tests.support.gateways.access_log import AccessLog
from tests.support.ports import free_port
from tests.support.timeouts import TIMEOUT_S

TRAEFIK = Path(sys.executable).with_name("traefik")
# What it answers itself if a request breaks off, or its backend is gone.
OWN_STATUSES = (499, 500, 502, 504)
# What a client or a backend leaves open is not awaited for long, and a request uses the
# connection of the one before.
IMPATIENT = (
    "--entrypoints.web.transport.respondingtimeouts.readtimeout=2s",
    "--entrypoints.web.transport.respondingtimeouts.idletimeout=2s",
    "--serverstransport.maxidleconnsperhost=1",
)


class Traefik:
    """Routes all requests to the given backends."""

    def __init__(self, folder: Path, backends: Sequence[str], options: Sequence[str] = ()) -> None:
        self._rules, self._log = folder / "rules.yaml", AccessLog(folder / "access.jsonl")
        self.port, self._api_port = free_port(), free_port()
        self.route_to(backends)
        command = (
            *(str(TRAEFIK), f"--providers.file.filename={self._rules}"),
            *("--providers.providersthrottleduration=50ms", "--log.level=ERROR"),
            f"--entrypoints.web.address=127.0.0.1:{self.port}",
            *(f"--entrypoints.traefik.address=127.0.0.1:{self._api_port}", "--api.insecure"),
            *("--global.checknewversion=false", "--global.sendanonymoususage=false"),
            *("--accesslog.format=json", f"--accesslog.filepath={self._log.path}", *options),
        )
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def route_to(self, backends: Sequence[str]) -> None:
        """Replace the backends; Traefik loads the change asynchronously."""
        draft = self._rules.with_suffix(".draft")
        draft.write_text(yaml.safe_dump({"http": self._rules_for(backends)}))
        draft.replace(self._rules)

    def _rules_for(self, backends: Sequence[str]) -> dict[str, Any]:
        balancer = {"servers": [{"url": url} for url in backends]}
        return {
            "routers": {"all": {"rule": "PathPrefix(`/`)", "service": "function"}},
            "services": {"function": {"loadBalancer": balancer}},
        }

    def is_routing_to(self, backends: Sequence[str]) -> bool:
        """Return whether Traefik has loaded the backends."""
        url = f"http://127.0.0.1:{self._api_port}/api/http/services/function@file"
        try:
            answer = requests.get(url, timeout=TIMEOUT_S)
        except requests.ConnectionError:
            return False
        if not answer.ok:  # Traefik has not loaded any rules yet
            return False
        servers = answer.json()["loadBalancer"]["servers"]
        return [server["url"] for server in servers] == list(backends)

    def forwarded(self) -> list[tuple[str, str, int]]:
        """Return method, target and length of the body of each request that a backend answered."""
        return [
            (entry["RequestMethod"], entry["RequestPath"], entry["RequestContentSize"])
            for entry in self._log.entries()
            if entry.get("OriginStatus") and entry["DownstreamStatus"] not in OWN_STATUSES
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(TIMEOUT_S)
