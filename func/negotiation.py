"""How a response changes for its client: its content coding, and what other origins may read."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

from func.compression import MAX_PLAIN_BYTES, accepts_gzip, compress
from func.cross_origin import CrossOrigin
from func.messages import Environ, Response
from func.settings import Settings

FORBIDDEN = Response(b'{"error":"This origin is not allowed"}', status=HTTPStatus.FORBIDDEN)


class Negotiation:
    """Adapts responses to the headers of their requests.

    Attributes:
        asks_first: whether OPTIONS requests are answered by ``permission``.
    """

    def __init__(self, settings: Settings) -> None:
        self._cross_origin = CrossOrigin(settings.cors_origins, settings.webhook_origins)
        self._has_cors = bool(settings.cors_origins)
        self.asks_first = self._cross_origin.asks_first

    def adapt(self, environ: Environ, response: Response) -> Response:
        """Return a response as the client of a request gets it."""
        is_large = len(response.body) > MAX_PLAIN_BYTES
        if not (is_large or self._has_cors):
            return response
        headers = self._cross_origin.headers(environ)
        body = response.body
        if is_large:
            headers.append(("Vary", "Accept-Encoding"))
            if accepts_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")):
                body = compress(body)
                headers.append(("Content-Encoding", "gzip"))
        return replace(response, body=body, headers=(*response.headers, *headers))

    def permission(self, environ: Environ) -> Response:
        """Return the response to an OPTIONS request: a preflight, or a webhook's validation."""
        headers = self._cross_origin.permission(environ)
        if headers is None:
            return FORBIDDEN
        # Event Grid takes no other status than 200 for a granted validation.
        is_validation = "HTTP_WEBHOOK_REQUEST_ORIGIN" in environ
        status = HTTPStatus.OK if is_validation else HTTPStatus.NO_CONTENT
        return Response(content_type="", status=status, headers=headers)
