from __future__ import annotations

import json
import os
import re
import signal

import pytest

from knative.rollout.smoke import Case, SmokeTest
from tests.support.kubernetes.fake_api import DOMAIN, image
from tests.support.kubernetes.gateway import JSON, constant, sound
from tests.support.servers import RunningServer

KNOWN = ("--expect", "hello=greeting", "--expect", "I forgot my password=password_reset")


def altered(**changes):
    """Answer soundly, but for some values; a key beginning with Ce is a header."""

    def function(request):
        status, headers, body = sound(request)
        answer = json.loads(body)
        for key, value in changes.items():
            if key in answer:
                answer[key] = value
            if (name := key.replace("_", "-")) in headers:
                headers = headers | {name: value}
        return status, headers, json.dumps(answer).encode()

    return function


def only_health(status, body):
    """Answer health soundly, and the rest like this."""

    def function(request):
        return sound(request) if request.method == "GET" else (status, JSON, body)

    return function


def without_events(request):
    """Refuse events, and answer the rest soundly."""
    return (400, JSON, b"no events") if "ce-id" in request.headers else sound(request)


@pytest.fixture
def real_function(small_folder):
    """Start real functions around the small model."""
    started = []

    def start(**environ):
        model = {"MODEL_PATH": str(small_folder / "intent_model.pkl")}
        started.append(RunningServer.start(model | environ))
        return started[-1].url

    yield start
    for server in started:
        server.stop()


class TestRealFunction:
    def test_the_function_passes_each_check(self, run, real_function):
        """Health, each prediction and an event pass."""
        outcome = run("smoke", real_function(), *KNOWN)
        assert outcome.code == 0
        assert [line.split("ms  ")[1] for line in outcome.out.splitlines()[1:]] == [
            "health",
            "prediction of greeting",
            "prediction of password_reset",
            "event of greeting",
        ]

    def test_another_model_does_not_pass(self, run, real_function):
        """A model that classifies everything as out of scope fails."""
        outcome = run("smoke", real_function(INTENT_THRESHOLD="1"), *KNOWN)
        assert outcome.code == 1
        assert "error: prediction of greeting at http" in outcome.err
        assert "'hello' was classified as out_of_scope" in outcome.err


class TestService:
    def test_the_url_defaults_to_that_of_the_service(self, run, gateway):
        """Without a URL the Service's own is tested, through the gateway."""
        assert run("smoke", "--gateway", gateway.url).code == 0
        assert set(gateway.hosts) == {DOMAIN}

    def test_the_host_option_sets_the_host_header(self, run, gateway):
        """--host sets the Host header, as for a DomainMapping."""
        outcome = run("smoke", gateway.url, "--host", "intent.example.org", "--timeout", "1")
        assert outcome.code == 1
        assert set(gateway.hosts) == {"intent.example.org"}
        assert "answered 404" in outcome.err
        assert run("smoke", "--gateway", gateway.url, "--host", DOMAIN).code == 0

    def test_the_gateway_is_the_address_of_a_given_url_as_well(self, run, gateway):
        """A URL whose host is not in DNS is reached through the gateway."""
        assert run("smoke", f"http://{DOMAIN}", "--gateway", gateway.url).code == 0
        assert set(gateway.hosts) == {DOMAIN}

    def test_a_tag_without_a_url_is_an_error(self, run, gateway):
        """A tag that is not routed is an error."""
        outcome = run("smoke", "--tag", "candidate", "--gateway", gateway.url)
        assert outcome.code == 1
        assert "has no such URL yet" in outcome.err

    @pytest.mark.usefixtures("heard_signals")
    def test_a_signal_ends_it(self, run, gateway):
        """A signal ends the test with the exit code of a shell."""

        def interrupt(request):
            os.kill(os.getpid(), signal.SIGTERM)
            return sound(request)

        gateway.functions[image(1)] = interrupt
        outcome = run("smoke", "--gateway", gateway.url)
        assert (outcome.code, outcome.err) == (143, "error: Interrupted by SIGTERM\n")


@pytest.mark.parametrize(
    ("function", "complaint"),
    [
        pytest.param(constant(200, b'{"status": "no"}'), 'health at .*answered 200: {"s', id="ill"),
        pytest.param(constant(500, b"oh"), "health at .*: answered 500: oh", id="broken"),
        pytest.param(constant(503), "health at .*: answered 503", id="overloaded"),
        pytest.param(
            constant(301, Location="https://x.org/health"),
            "answered 301 to https://x.org/health",
            id="redirect",
        ),
        pytest.param(only_health(400, b"bad"), "prediction of .*: answered 400: bad", id="refused"),
        pytest.param(only_health(200, b"{"), "was classified as None", id="no-json"),
        pytest.param(only_health(200, b"[]"), "was classified as None", id="no-object"),
        pytest.param(altered(intent="hacked"), "was classified as hacked", id="wrong-intent"),
        pytest.param(altered(confidence=2), "confidence is 2", id="impossible-confidence"),
        pytest.param(altered(confidence="high"), "confidence is high", id="no-confidence"),
        pytest.param(without_events, "event of .*: answered 400: no events", id="event-refused"),
        pytest.param(altered(Ce_Type="x"), "event of .*is of type x", id="wrong-type"),
        pytest.param(altered(Ce_Intent="x"), "its intent is x", id="wrong-event-intent"),
        pytest.param(altered(request={}), "does not name the request", id="no-request"),
    ],
)
def test_a_wrong_answer_is_reported(run, gateway, function, complaint):
    """The error names the check, the endpoint and the response."""
    gateway.functions[image(1)] = function
    outcome = run("smoke", "--gateway", gateway.url)
    assert outcome.code == 1
    assert re.search(complaint, outcome.err)


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "https://127.0.0.1:{port}"])
def test_a_failed_connection_is_reported(run, gateway, address):
    """Refused connections and failed TLS are errors."""
    outcome = run("smoke", "--gateway", address.format(port=gateway.server.port))
    assert outcome.code == 1
    assert "no answer" in outcome.err


def test_an_endpoint_prints_its_address_and_host():
    """An endpoint prints its address and its host."""
    endpoint = SmokeTest(gateway="http://127.0.0.1:8080").at("http://a.example.com:81")
    assert str(endpoint) == "http://127.0.0.1:8080 (Host: a.example.com:81)"
    assert str(SmokeTest().at("http://a.example.com")) == "http://a.example.com"


@pytest.mark.parametrize("text", ["", "x", "=x", "x= "])
def test_a_case_needs_both_parts(text):
    """A case needs an utterance and an intent."""
    with pytest.raises(ValueError, match=r"^"):
        Case.parse(text)


def test_the_last_sign_parts_a_case():
    """Utterances may contain equals signs."""
    assert Case.parse("is 1 = 1? = maths") == Case(text="is 1 = 1?", intent="maths")


def test_smoke_sends_a_token(run, real_function, tmp_path):
    """The first line of the token file authenticates the requests."""
    path = tmp_path / "token"
    path.write_text("first-token\n")
    url = real_function(API_TOKEN_FILE=str(path))

    assert run("smoke", url, *KNOWN).code == 1
    assert run("smoke", url, *KNOWN, "--token-file", str(path)).code == 0


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff", b"a\x07b\n"])
def test_token_file_without_a_token_is_wrong_usage(run, tmp_path, content):
    """A token file without a usable token is an error before any request."""
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(SystemExit, match="2"):
        run("smoke", "http://127.0.0.1:1", "--token-file", str(path))
