from __future__ import annotations

import pytest

from model.desk.access import refusal

TOKEN = {"Authorization": "Bearer secret"}
HOST = {"Host": "127.0.0.1:8600"}


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(HOST | TOKEN, id="address"),
        pytest.param({"Host": "localhost:9000"} | TOKEN, id="forwarded port"),
        pytest.param({"Host": "localhost"} | TOKEN, id="port 80"),
        pytest.param(HOST | TOKEN | {"Origin": "http://127.0.0.1:8600"}, id="own origin"),
    ],
)
def test_local_requests_with_the_token_are_allowed(headers):
    """The browser of this machine, also through a forwarded port, is allowed."""
    assert refusal(headers, "secret") is None


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        pytest.param(TOKEN, "127.0.0.1 and localhost only", id="no host"),
        pytest.param({"Host": "evil.example:8600"} | TOKEN, "localhost only", id="rebinding"),
        pytest.param({"Host": "localhost.evil.example"} | TOKEN, "localhost only", id="suffix"),
        pytest.param(HOST | TOKEN | {"Origin": "https://evil.example"}, "own page", id="origin"),
        pytest.param(HOST | TOKEN | {"Origin": "null"}, "own page", id="sandboxed page"),
        pytest.param(HOST, "holds the token", id="no token"),
        pytest.param(HOST | {"Authorization": "Bearer é"}, "holds the token", id="wrong token"),
    ],
)
def test_all_others_are_refused(headers, message):
    """Another host, another origin, or a wrong token is refused with a reason."""
    assert message in str(refusal(headers, "secret"))


def test_the_page_needs_no_token():
    """It holds no data; its script reads the token from the URL."""
    assert refusal(HOST, None) is None
    assert refusal({"Host": "evil.example"}, None)
