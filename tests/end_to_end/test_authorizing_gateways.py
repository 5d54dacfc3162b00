"""Real gateways that ask the function about each request, and pass on or route by its intent."""

from __future__ import annotations

import threading

import pytest
import requests

from tests.support.gateways.authorizing import AuthorizingEnvoy, AuthorizingTraefik, echo_server
from tests.support.servers import build_server, wait_for
from tests.support.timeouts import TIMEOUT_S


@pytest.fixture(scope="module")
def function_port(small_model):
    """The port of a real server with the small model."""
    server = build_server(small_model)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield server.port
    server.stop()
    thread.join(TIMEOUT_S)


@pytest.fixture(scope="module")
def orders():
    """The port of a service for one intent."""
    with echo_server() as port:
        yield port


@pytest.fixture(scope="module")
def others():
    """The port of a service for all other requests."""
    with echo_server() as port:
        yield port


@pytest.fixture(scope="module")
def envoy(function_port, orders, others, tmp_path_factory):
    """An Envoy that routes one intent to its own service."""
    ports = {"order_tracking": orders, "": others}
    with AuthorizingEnvoy(tmp_path_factory.mktemp("envoy"), function_port, ports) as running:
        yield running


@pytest.fixture(scope="module")
def traefik(function_port, others, tmp_path_factory):
    """A Traefik that passes on all requests with their intent."""
    backend = f"http://127.0.0.1:{others}"
    folder = tmp_path_factory.mktemp("traefik")
    with AuthorizingTraefik(folder, function_port, backend) as running:
        wait_for(lambda: running.is_routing_to([backend]))
        yield running


def post(port, body, **headers):
    """Post a body through a gateway, and return what the service behind it received."""
    url = f"http://127.0.0.1:{port}/chat/42"
    headers = {"Content-Type": "application/json", **headers}
    response = requests.post(url, body, headers=headers, timeout=TIMEOUT_S)
    assert response.status_code == 200, response.text
    return response.json()


def test_envoy_routes_by_intent(envoy, orders, others):
    """The service of the intent gets the request, unchanged but for the headers."""
    body = '{"text": "where is my order"}'
    routed, other = post(envoy.port, body), post(envoy.port, '{"text": "hello"}')

    assert (routed["port"], routed["x-intent"], routed["body"]) == (orders, "order_tracking", body)
    assert 0 < float(routed["x-confidence"]) <= 1
    assert (other["port"], other["x-intent"]) == (others, "greeting")


def test_traefik_passes_on_the_intent(traefik):
    """The service behind it gets the request with the headers."""
    body = '{"messages": [{"role": "user", "content": "where is my order"}]}'
    received = post(traefik.port, body)

    assert (received["x-intent"], received["body"]) == ("order_tracking", body)


@pytest.mark.parametrize("gateway", ["envoy", "traefik"])
def test_requests_without_a_text_are_passed_on(gateway, request, others):
    """They are out of scope, whatever a client claims."""
    port = request.getfixturevalue(gateway).port
    received = post(port, "no JSON", **{"x-intent": "order_tracking"})
    url = f"http://127.0.0.1:{port}/page"
    page = requests.get(url, timeout=TIMEOUT_S).json()

    assert (received["port"], received["x-intent"]) == (others, "out_of_scope")
    assert page["x-intent"] == "out_of_scope"
