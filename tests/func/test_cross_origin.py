"""Other origins: what a browser's preflight and a webhook's handshake get."""

from __future__ import annotations

import pytest

from func.cross_origin import CrossOrigin

SHOP = "https://shop.example"
PREFLIGHT = {"HTTP_ORIGIN": SHOP, "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "POST"}


@pytest.mark.parametrize(
    ("origins", "environ", "expected"),
    [
        pytest.param((), {"HTTP_ORIGIN": SHOP}, {}, id="none-is-allowed"),
        pytest.param(
            (SHOP,),
            {"HTTP_ORIGIN": SHOP},
            {
                "Access-Control-Allow-Origin": SHOP,
                "Access-Control-Expose-Headers": "*",
                "Vary": "Origin",
            },
            id="allowed",
        ),
        pytest.param(
            (SHOP,), {"HTTP_ORIGIN": "https://evil.example"}, {"Vary": "Origin"}, id="another"
        ),
        pytest.param((SHOP,), {}, {"Vary": "Origin"}, id="no-origin"),
        pytest.param(
            ("*",),
            {},
            {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "*"},
            id="any",
        ),
    ],
)
def test_responses_name_the_allowed_origin(origins, environ, expected):
    """A cache learns from Vary that the response depends on the origin."""
    assert dict(CrossOrigin(origins, ()).headers(environ)) == expected


@pytest.mark.parametrize(
    ("origins", "environ", "expected"),
    [
        pytest.param((SHOP,), {"HTTP_ORIGIN": "https://evil.example"}, None, id="another"),
        pytest.param((SHOP,), {"HTTP_ORIGIN": f"{SHOP}.evil.example"}, None, id="longer"),
        pytest.param((SHOP,), {"HTTP_ORIGIN": "null"}, None, id="null"),
        pytest.param((SHOP,), {}, {"Allow": "GET, POST"}, id="no-browser"),
        pytest.param(
            ("*",),
            PREFLIGHT | {"HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "authorization, content-type"},
            {
                "Access-Control-Allow-Methods": "GET, POST",
                "Access-Control-Max-Age": "7200",
                "Access-Control-Allow-Headers": "authorization, content-type",
            },
            id="any",
        ),
        pytest.param(
            (SHOP,),
            PREFLIGHT | {"HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "a\xffb"},
            {"Access-Control-Allow-Methods": "GET, POST", "Access-Control-Max-Age": "7200"},
            id="malformed-names",
        ),
    ],
)
def test_preflight_is_granted_to_allowed_origins(origins, environ, expected):
    """All headers that a page asks for are allowed; only whole origins match."""
    granted = CrossOrigin(origins, ()).permission(environ)

    assert (granted if granted is None else dict(granted)) == expected


@pytest.mark.parametrize(
    ("origins", "expected"),
    [
        pytest.param(("eventgrid.azure.net",), "EventGrid.Azure.net", id="listed"),
        pytest.param(("*",), "*", id="any"),
    ],
)
def test_webhook_is_granted_to_allowed_senders(origins, expected):
    """The sender gets its name back, and no limit of its rate."""
    environ = {"HTTP_WEBHOOK_REQUEST_ORIGIN": "EventGrid.Azure.net"}

    assert CrossOrigin((), origins).permission(environ) == [
        ("Allow", "POST"),
        ("WebHook-Allowed-Origin", expected),
        ("WebHook-Allowed-Rate", "*"),
    ]


def test_webhook_of_an_unknown_sender_is_refused():
    """Whoever is not listed gets no permission, even where pages of any origin do."""
    environ = {"HTTP_WEBHOOK_REQUEST_ORIGIN": "evil.example"}

    assert CrossOrigin(("*",), ("eventgrid.azure.net",)).permission(environ) is None
