"""Access to the desk: from this machine's browser only, and with the token of its URL.

A page on the internet must not write to the training file. It can have the browser send requests
to this machine (cross-site request forgery), also under a name that it has made to point here (DNS
rebinding). So the host must be a local name, the origin this server, and the token right.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping

LOCAL_HOSTS = ("127.0.0.1", "localhost")


def refusal(headers: Mapping[str, str], token: str | None) -> str | None:
    """Return why a request is refused; None if it is allowed.

    Args:
        headers: of the request.
        token: that it needs; None for the page itself, which holds no data.
    """
    host = headers.get("Host", "")
    if host.rpartition(":")[0] not in LOCAL_HOSTS and host not in LOCAL_HOSTS:
        return "The desk answers to 127.0.0.1 and localhost only"
    if headers.get("Origin", f"http://{host}") != f"http://{host}":
        return "The desk answers its own page only"
    sent = headers.get("Authorization", "").encode()
    if token is not None and not hmac.compare_digest(sent, f"Bearer {token}".encode()):
        return "Open the URL that the command has printed: it holds the token"
    return None
