"""Tokens of an issuer at the app and the real server, beside those of a file."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
import requests
from werkzeug.test import Client

from func.app import App
from func.handler import IntentFunction
from func.optional_parts import load_authentication
from func.settings import Settings, SettingsError
from tests.support.servers import address, wait_for
from tests.support.timeouts import TIMEOUT_S

HELLO = {"text": "hello"}


@pytest.fixture
def start(small_model, issuer, tmp_path):
    """Return a function that starts an app which accepts tokens of a file and of the issuer."""
    path = tmp_path / "tokens"
    path.write_text("listed-token\n")
    settings = Settings(api_token_file=path, **issuer.settings)
    return lambda: Client(App(IntentFunction(small_model, settings, load_authentication(settings))))


@pytest.fixture
def locked(start):
    """A client of such an app."""
    return start()


@pytest.mark.parametrize(
    ("method", "route"),
    [
        pytest.param("POST", "/predict", id="prediction"),
        pytest.param("POST", "/classify", id="dialect"),
        pytest.param("GET", "/model", id="flask"),
    ],
)
def test_either_token_suffices(locked, issuer, method, route):
    """People have a token of the file, Triggers one of the issuer."""
    body = {"text": "hello", "input": "hello"} if method == "POST" else None
    statuses = [
        locked.open(route, method=method, json=body, headers={"Authorization": header}).status_code
        for header in ("Bearer listed-token", issuer.header(), issuer.header(exp=1), "")
    ]

    assert statuses == [200, 200, 401, 401]


def test_answer_says_why_a_token_is_refused(locked, issuer):
    """The challenge is that of RFC 6750, section 3.1."""
    headers = {"Authorization": issuer.header(aud="other")}
    response = locked.post("/predict", json=HELLO, headers=headers)

    assert response.json == {"error": "The token is for another audience"}
    assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize(("method", "route"), [("POST", "/predict"), ("GET", "/model")])
def test_issuer_that_is_away_is_no_fault_of_the_client(start, issuer, method, route):
    """The answer is 503, which says to try again; listed tokens don't depend on the issuer."""
    issuer.status = 500
    client = start()
    responses = [
        client.open(route, method=method, json=HELLO, headers={"Authorization": header})
        for header in (issuer.header(), "Bearer listed-token")
    ]

    assert [response.status_code for response in responses] == [503, 200]
    assert responses[0].headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("method", "route", "body"),
    [
        pytest.param("POST", "/predict", HELLO, id="small"),
        pytest.param("POST", "/predict", {**HELLO, "padding": " " * 8192}, id="large"),
        pytest.param("GET", "/model", None, id="flask"),
    ],
)
def test_server_answers_others_while_it_waits_for_the_issuer(
    in_process, issuer, method, route, body
):
    """Neither event loop nor threads wait; requests are answered once the keys are there."""
    issuer.may_answer.clear()
    server = in_process(threads=1, **issuer.settings)
    host, port = address(server)
    url, headers = f"http://{host}:{port}", {"Authorization": issuer.header()}
    answers = []

    def ask() -> None:
        response = requests.request(
            method, url + route, json=body, headers=headers, timeout=TIMEOUT_S
        )
        answers.append(response.status_code)

    thread = threading.Thread(target=ask)
    thread.start()
    wait_for(lambda: len(server._dispatcher._awaited))
    others = [requests.get(url + path, timeout=TIMEOUT_S) for path in ("/health", "/docs")]
    before = list(answers)
    issuer.may_answer.set()
    thread.join(TIMEOUT_S)

    assert [each.status_code for each in others] == [200, 200]
    assert (before, answers) == ([], [200])


def test_without_an_issuer_nothing_of_it_is_imported():
    """A start that verifies no tokens doesn't pay for the libraries."""
    code = (
        "import sys; from func.optional_parts import load_authentication; "
        "from func.settings import Settings; assert load_authentication(Settings()) is None; "
        "assert not {'jwt', 'cryptography', 'func.oidc'} & sys.modules.keys()"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_missing_library_is_reported(issuer, monkeypatch):
    """The package can be installed without what verification needs."""
    monkeypatch.delitem(sys.modules, "func.oidc.token_verifier", raising=False)
    monkeypatch.setitem(sys.modules, "jwt", None)
    with pytest.raises(SettingsError) as caught:
        load_authentication(Settings(**issuer.settings))

    assert caught.value.allowed == "empty unless pyjwt[crypto] is installed"
