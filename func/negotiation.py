"""How a response changes for its client: its content coding, and what other origins may read."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from func.messages import Environ, Response
from func.settings import Settings

if TYPE_CHECKING:
    from func.cross_origin import CrossOrigin

# Larger bodies take more than one packet, so that compression saves time on the way.
MAX_PLAIN_BYTES = 1400
FORBIDDEN = Response(b'{"error":"This origin is not allowed"}', status=HTTPStatus.FORBIDDEN)


class Negotiation:
    """Adapts responses to the headers of their requests.

    Attributes:
        asks_first: whether OPTIONS requests are answered by ``permission``.
    """

    def __init__(self, settings: Settings) -> None:
        self._cross_origin = _load_cross_origin(settings)
        self.asks_first = self._cross_origin is not None

    def adapt(self, environ: Environ, response: Response) -> Response:
        """Return a response as the client of a request gets it."""
        if len(response.body) > MAX_PLAIN_BYTES:
            response = _compressed(environ, response)
        if self._cross_origin is None:
            return response
        headers = self._cross_origin.headers(environ)
        return response._replace(headers=(*response.headers, *headers))

    def permission(self, environ: Environ) -> Response:
        """Return the response to an OPTIONS request: a preflight, or a webhook's validation."""
        headers = self._cross_origin.permission(environ) if self._cross_origin else None
        if headers is None:
            return FORBIDDEN
        # Event Grid takes no other status than 200 for a granted validation.
        is_validation = "HTTP_WEBHOOK_REQUEST_ORIGIN" in environ
        status = HTTPStatus.OK if is_validation else HTTPStatus.NO_CONTENT
        return Response(content_type="", status=status, headers=headers)


def _compressed(environ: Environ, response: Response) -> Response:
    from func.compression import accepts_gzip, compress  # noqa: PLC0415 - most responses are small

    body, headers = response.body, [*response.headers, ("Vary", "Accept-Encoding")]
    if accepts_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")):
        body = compress(body)
        headers.append(("Content-Encoding", "gzip"))
    return response._replace(body=body, headers=tuple(headers))


def _load_cross_origin(settings: Settings) -> CrossOrigin | None:
    if not (settings.cors_origins or settings.webhook_origins):
        return None
    from func.cross_origin import CrossOrigin  # noqa: PLC0415 - most have no other origins

    return CrossOrigin(settings.cors_origins, settings.webhook_origins)
