"""The WSGI app: it answers predictions and health itself, and passes all else to Flask.

WSGI servers load ``app``. The first request to another route imports Flask: for a pod that starts
from zero it would double the time to the first prediction.
"""

from __future__ import annotations

import functools
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from func.handler import DIALECTS, GATEWAY, GATEWAY_DIALECT, IntentFunction
from func.messages import STATUS_LINES, Environ, ParsedRequest, PendingRequest, Response
from func.protocols.json_api import HEALTHY, error_response
from func.settings import Settings, SettingsError
from func.telemetry.logs import configure_logging
from func.telemetry.recorder import Telemetry
from model.errors import ArtifactError

# gunicorn gives up at once when a worker exits with this code.
CAN_NOT_START = 3

StartResponse = Callable[..., object]
Route = tuple[str, str]


class App:
    """A WSGI application (PEP 3333) around a function whose model is loaded.

    Our server answers the inline routes itself, several requests at once: it asks ``is_inline``,
    calls ``parse`` for each request, decides by ``parsed.work`` which thread answers, and passes
    those that it answers together to ``respond``.

    Attributes:
        telemetry: records each request.
    """

    def __init__(self, function: IntentFunction, telemetry: Telemetry | None = None) -> None:
        self.telemetry = telemetry or Telemetry()
        self._function = function
        healthy = ParsedRequest(lambda _: HEALTHY, error_response)
        self._routes: Mapping[Route, Callable[[Environ], ParsedRequest]] = {
            ("POST", "/"): function.parse,
            ("POST", "/predict"): function.parse,
            ("GET", "/health"): lambda _: healthy,
            ("GET", "/health/liveness"): lambda _: healthy,
            ("GET", "/health/readiness"): lambda _: healthy,
            **{
                route: partial(function.parse_dialect, *dialect)
                for route, dialect in DIALECTS.items()
            },
        }

    @classmethod
    def load(cls, settings: Settings) -> App:
        """Configure the logs, load the model, and build the app.

        Raises:
            ArtifactError: the model can't be served.
            SettingsError: the token file or OpenTelemetry's variables can't be used.
        """
        configure_logging(settings)
        function = IntentFunction.load(settings)
        return cls(function, Telemetry.start(settings, function.model.card, os.environ))

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        if not self.is_inline(environ["REQUEST_METHOD"], environ["PATH_INFO"]):
            return self._flask(environ, start_response)
        [response] = self.respond([self.parse(environ)])
        start_response(STATUS_LINES[response.status], response.all_headers)
        return (response.body,)

    def is_inline(self, method: str, path: str) -> bool:
        """Return whether a route is answered without Flask."""
        return (
            (method, path) in self._routes
            or _is_gateway(path)
            or (method == "OPTIONS" and self._function.negotiation.asks_first)
        )

    def parse(self, environ: Environ) -> PendingRequest:
        """Parse a request to an inline route; never raise.

        Its ``parsed.work`` estimates the time that ``respond`` takes for it.
        """
        start = time.perf_counter()
        route, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        if _is_gateway(route):
            route, parsed = GATEWAY, self._function.parse_dialect(*GATEWAY_DIALECT, environ)
        elif method == "OPTIONS":
            route, parsed = "*", self._permit(environ)
        else:
            return PendingRequest(environ, start, self._routes[method, route](environ))
        # What is recorded is the route: the path may be anything, a text of a user as well.
        return PendingRequest({**environ, "PATH_INFO": route}, start, parsed)

    def respond(self, pending: Sequence[PendingRequest]) -> list[Response]:
        """Answer requests to inline routes, in order, with one prediction; record each."""
        responses = [
            self.adapt(request.environ, response)
            for request, response in zip(
                pending,
                self._function.respond([request.parsed for request in pending]),
                strict=True,
            )
        ]
        self.telemetry.record_all(pending, responses)
        return responses

    def adapt(self, environ: Environ, response: Response) -> Response:
        """Return a response as the client of a request gets it."""
        return self._function.negotiation.adapt(environ, response)

    def _permit(self, environ: Environ) -> ParsedRequest:
        response = self._function.negotiation.permission(environ)
        return ParsedRequest(lambda _: response, error_response)

    @functools.cached_property
    def _flask(self) -> Callable[..., Iterable[bytes]]:
        from func.web.flask_app import create_flask_app  # noqa: PLC0415 - see the top

        return create_flask_app(self._function, self.telemetry)


def _is_gateway(path: str) -> bool:
    return path.startswith(GATEWAY) and path[len(GATEWAY) :][:1] in ("", "/")


@functools.cache
def _app() -> App:
    try:
        return App.load(Settings.from_environ(os.environ))
    except (SettingsError, ArtifactError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - the logs may not be configured yet
        raise SystemExit(CAN_NOT_START) from error


def __getattr__(name: str) -> Any:
    """Load ``app`` at its first use: importing this module loads no model."""
    if name == "app":
        return _app()
    raise AttributeError(name)
