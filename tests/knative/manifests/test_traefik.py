"""The Traefik manifests, run by Traefik in front of the function."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
import urllib3
import yaml

from model.training.fitted_model import MODEL_NAME
from tests.support.kubernetes.manifests import find, render
from tests.support.ports import free_port
from tests.support.servers import RunningServer, served, wait_for
from tests.support.timeouts import TIMEOUT_S

TRAEFIK = Path(sys.executable).with_name("traefik")
MANIFESTS = "ingress/traefik"
HOST = "intent.example.com"
TEXT = {"text": "hello"}


def dynamic_configuration(backend: str, certificate: Path) -> dict[str, Any]:
    """Return the manifests as configuration of Traefik's file provider."""
    routes = {
        each["metadata"]["name"]: each["spec"]
        for each in render(MANIFESTS)
        if each["kind"] == "IngressRoute"
    }
    middlewares = {
        each["metadata"]["name"]: each["spec"]
        for each in render(MANIFESTS)
        if each["kind"] == "Middleware"
    }
    routers = {}
    for name, spec in routes.items():
        [route] = spec["routes"]
        [service] = route["services"]
        routers[name] = {
            "entryPoints": spec["entryPoints"],
            "rule": route["match"],
            "middlewares": [each["name"] for each in route["middlewares"]],
            "service": service["name"],
            **({"tls": {}} if "tls" in spec else {}),
        }
    [kourier] = routes["intent-classifier"]["routes"][0]["services"]
    balancer = {"servers": [{"url": backend}], "passHostHeader": kourier["passHostHeader"]}
    return {
        "http": {
            "routers": routers,
            "middlewares": middlewares,
            "services": {kourier["name"]: {"loadBalancer": balancer}},
        },
        "tls": {"certificates": [{"certFile": str(certificate), "keyFile": str(certificate)}]},
    }


class Gateway:
    """A running Traefik."""

    def __init__(self, http_port: int, https_port: int, authority: Path) -> None:
        self.http = urllib3.HTTPConnectionPool("127.0.0.1", http_port)
        self.https = urllib3.HTTPSConnectionPool(
            "127.0.0.1",
            https_port,
            maxsize=8,
            ca_certs=str(authority),
            server_hostname=HOST,
            assert_hostname=HOST,
        )

    def ask(self, method: str, path: str, *, host: str = HOST, **options: Any) -> Any:
        """Send a request over TLS."""
        headers = {"Host": host}
        return self.https.request(method, path, headers=headers, retries=False, **options)


@pytest.fixture(scope="module")
def start_traefik(tmp_path_factory) -> Iterator[Callable[[str], Gateway]]:
    """Start Traefik in front of a backend, with the rules of the manifests."""
    folder = tmp_path_factory.mktemp("traefik")
    authority, certificate = folder / "authority.pem", folder / "certificate.pem"
    issuer = trustme.CA()
    issuer.cert_pem.write_to_path(str(authority))
    issuer.issue_cert(HOST).private_key_and_cert_chain_pem.write_to_path(str(certificate))
    running: list[tuple[subprocess.Popen[bytes], Gateway]] = []

    def start(backend: str) -> Gateway:
        rules = folder / f"rules-{len(running)}.yaml"
        rules.write_text(yaml.safe_dump(dynamic_configuration(backend, certificate)))
        ports = free_port(), free_port()
        command = [
            str(TRAEFIK),
            f"--providers.file.filename={rules}",
            f"--entrypoints.web.address=127.0.0.1:{ports[0]}",
            f"--entrypoints.websecure.address=127.0.0.1:{ports[1]}",
            "--log.level=ERROR",
            "--global.checknewversion=false",
            "--global.sendanonymoususage=false",
        ]
        process = subprocess.Popen(command, env=os.environ, stderr=subprocess.DEVNULL)
        running.append((process, gateway := Gateway(*ports, authority)))
        wait_for(lambda: is_up(gateway))
        return gateway

    yield start
    for process, gateway in running:
        gateway.http.close()
        gateway.https.close()
        process.terminate()
        process.wait(TIMEOUT_S)


def is_up(gateway: Gateway) -> bool:
    try:
        return bool(gateway.ask("GET", "/health").status == 200)
    except urllib3.exceptions.HTTPError:
        return False


@pytest.fixture(scope="module")
def function(small_folder) -> Iterator[RunningServer]:
    """The function, with wider limits than the gateway's."""
    running = RunningServer.start(
        {"MODEL_PATH": str(small_folder / MODEL_NAME), "MAX_BODY_BYTES": "4194304"}
    )
    yield running
    running.stop()


@pytest.fixture(scope="module")
def gateway(start_traefik, function) -> Gateway:
    """Traefik in front of the function."""
    running: Gateway = start_traefik(function.url)
    return running


def test_health_and_predictions_pass(gateway):
    """The allowed paths reach the function."""
    health = gateway.ask("GET", "/health")
    answer = gateway.ask("POST", "/predict", json=TEXT)

    assert (health.status, health.json()) == (200, {"status": "ok"})
    assert (answer.status, answer.json()["intent"]) == (200, "greeting")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/model",
        "/metrics",
        "/health/readiness",
        "/predict/",
        "/predict/../model",
        "/%2e%2e/model",
        "/predict/%2e%2e/model",
    ],
)
def test_nothing_else_passes(gateway, path):
    """Other paths of the function get Traefik's 404, in any spelling."""
    answer = gateway.ask("GET", path)

    assert answer.status == 404
    assert answer.headers.get("Content-Type", "").startswith("text/plain")


def test_other_hosts_are_not_served(gateway):
    """Requests for another host get 404."""
    assert gateway.ask("GET", "/health", host="other.example.com").status == 404


def test_large_bodies_are_refused_by_the_gateway(gateway):
    """A body over the limit does not reach the function; one at the limit does."""
    limit = find(MANIFESTS, "Middleware", "intent-body-limit")["spec"]["buffering"]
    most = limit["maxRequestBodyBytes"]
    above = gateway.ask("POST", "/predict", body=b" " * (most + 1))
    at_it = gateway.ask("POST", "/predict", body=b" " * most)

    assert above.status == 413
    assert (at_it.status, at_it.json()) == (400, {"error": "The body is not valid JSON"})


def test_answers_carry_security_headers(gateway):
    """Responses have security headers and forbid caching."""
    headers = gateway.ask("POST", "/predict", json=TEXT).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    assert headers["Cache-Control"] == "no-store"


def test_plain_http_is_sent_to_tls(gateway):
    """Requests without TLS are redirected."""
    answer = gateway.http.request("GET", "/health", headers={"Host": HOST}, redirect=False)

    assert answer.status == 301
    assert re.fullmatch(rf"https://{re.escape(HOST)}(:\d+)?/health", answer.headers["Location"])


def test_too_many_requests_are_refused(start_traefik, function):
    """A client above the rate limit gets 429."""
    own_gateway = start_traefik(function.url)
    statuses: list[int] = []

    def ask_often() -> None:
        statuses.extend(own_gateway.ask("GET", "/health").status for _ in range(100))

    threads = [threading.Thread(target=ask_often) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert set(statuses) == {200, 429}
    assert statuses.count(200) >= 200


def test_host_arrives_untouched(start_traefik):
    """Host passes unchanged, since Kourier selects the DomainMapping by it."""
    hosts = []

    class Recorder(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hosts.append(self.headers["Host"])
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with HTTPServer(("127.0.0.1", 0), Recorder) as backend, served(backend):
        start_traefik(f"http://127.0.0.1:{backend.server_port}").ask("GET", "/health")

    assert set(hosts) == {HOST}
