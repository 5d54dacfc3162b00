"""A real Traefik whose backends change, as pods do in Kubernetes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import requests
import yaml

from tests.support.ports import free_port
from tests.support.timeouts import TIMEOUT_S

TRAEFIK = Path(sys.executable).with_name("traefik")


class Traefik:
    """Routes all requests to the given backends."""

    def __init__(self, folder: Path, backends: Sequence[str]) -> None:
        self._rules = folder / "rules.yaml"
        self.port, self._api_port = free_port(), free_port()
        self.route_to(backends)
        command = (
            *(str(TRAEFIK), f"--providers.file.filename={self._rules}"),
            *("--providers.providersthrottleduration=50ms", "--log.level=ERROR"),
            f"--entrypoints.web.address=127.0.0.1:{self.port}",
            *(f"--entrypoints.traefik.address=127.0.0.1:{self._api_port}", "--api.insecure"),
            *("--global.checknewversion=false", "--global.sendanonymoususage=false"),
        )
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def route_to(self, backends: Sequence[str]) -> None:
        """Replace the backends; Traefik loads the change asynchronously."""
        balancer = {"servers": [{"url": url} for url in backends]}
        rules = {
            "routers": {"all": {"rule": "PathPrefix(`/`)", "service": "function"}},
            "services": {"function": {"loadBalancer": balancer}},
        }
        draft = self._rules.with_suffix(".draft")
        draft.write_text(yaml.safe_dump({"http": rules}))
        draft.replace(self._rules)

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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(TIMEOUT_S)
