"""The WSGI app: it answers predictions and health itself, and passes all else to Flask.

WSGI servers load ``app``. The first request to another route imports Flask: for a pod that starts
from zero it would double the time to the first prediction.
"""

from __future__ import annotations

import functools
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from func.errors import NotLoadedError, RequestError
from func.handler import NAMED_PREDICT, IntentFunction
from func.messages import (
    STATUS_LINES,
    Deferred,
    Environ,
    ParsedRequest,
    PendingRequest,
    Response,
    finished,
)
from func.protocols.dialect_routes import DIALECTS, GATEWAY, find_dialect
from func.protocols.json_api import HEALTHY, error_response
from func.settings import Settings, SettingsError
from func.telemetry.logs import configure_logging
from func.telemetry.recorder import Telemetry
from model.errors import ArtifactError

if TYPE_CHECKING:
    from concurrent.futures import Future

# gunicorn gives up at once when a worker exits with this code.
CAN_NOT_START = 3

StartResponse = Callable[..., object]
Route = tuple[str, str]
Parser = Callable[..., ParsedRequest]

PREDICTIONS: Sequence[Route] = (("POST", "/"), ("POST", "/predict"))
PROBES: Sequence[Route] = tuple(
    (method, path)
    for method in ("GET", "HEAD")
    for path in ("/health", "/health/liveness", "/health/readiness")
)
# Flask's routes whose path names a model, by their method: what is no route loads nothing. The Open
# Inference Protocol has a name of its own for the default model.
_NAMED_MODEL = r"/v2/models/(?!intent-classifier(?:/|$))([^/]+)(?:/versions/[^/]+)?"
NAMED_MODELS: Mapping[str, re.Pattern[str]] = {
    **dict.fromkeys(("GET", "HEAD"), re.compile(rf"{_NAMED_MODEL}(?:/ready)?")),
    "POST": re.compile(rf"{_NAMED_MODEL}/infer"),
}


class App:
    """A WSGI application (PEP 3333) around a function whose model is loaded.

    Our server answers the inline routes itself, several requests at once: it asks ``is_inline``,
    calls ``parse`` for each request, decides by ``parsed.work`` which thread answers, and passes
    those that it answers together to ``respond_or_defer``.

    Attributes:
        telemetry: records each request.
    """

    def __init__(self, function: IntentFunction, telemetry: Telemetry | None = None) -> None:
        self.telemetry = telemetry or Telemetry()
        self._function = function
        healthy = ParsedRequest.with_response(HEALTHY, error_response)
        self._parsers: Mapping[Route, Parser] = {
            **dict.fromkeys(PREDICTIONS, function.parse),
            **dict.fromkeys(PROBES, lambda *_, **__: healthy),
            **{
                route: functools.partial(function.parse_dialect, dialect)
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
        telemetry = Telemetry.start(settings, function.model.card, os.environ)
        if telemetry.metrics and function.models:
            telemetry.metrics.models = function.models.counts
        if telemetry.metrics and function.cascade:
            telemetry.metrics.fallback = function.cascade.counts
        return cls(function, telemetry)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        if not self.is_inline(environ["REQUEST_METHOD"], environ["PATH_INFO"]):
            return self._flask(environ, start_response)
        [answer] = self.respond_or_defer([self.parse(environ, waits=True)])
        response = finished(answer)
        start_response(STATUS_LINES[response.status], response.all_headers)
        return () if environ["REQUEST_METHOD"] == "HEAD" else (response.body,)

    def is_inline(self, method: str, path: str) -> bool:
        """Return whether a route is answered without Flask."""
        return (
            (method, path) in self._parsers
            or find_dialect(path, has_named_models=self.has_named_models) is not None
            or self._asks_first(method, path)
            or (self.has_named_models and NAMED_PREDICT.fullmatch(path) is not None)
        )

    @property
    def has_named_models(self) -> bool:
        """Return whether requests may name models."""
        return self._function.models is not None

    def load_of(self, environ: Environ) -> Callable[[], Future[None]] | None:
        """Return the function that begins the load of what a request to a route of Flask needs.

        That is an issuer's keys, or the model that the path names. Once the load has ended, the
        request finds it without waiting in a thread. None if all is in memory, or if the request
        will be refused. The load of an inline request is that of ``parse``.
        """
        routes = NAMED_MODELS.get(environ["REQUEST_METHOD"])
        found = routes.fullmatch(environ["PATH_INFO"]) if routes else None
        try:
            self._function.authorize(environ, waits=False)
            if found:
                self._function.find_model(found[1], waits=False)
        except NotLoadedError as error:
            return error.load
        except RequestError:  # the request itself will be answered with it
            return None
        return None

    def parse(self, environ: Environ, *, waits: bool = False) -> PendingRequest:
        """Parse a request to an inline route; never raise.

        Its ``parsed.work`` estimates the time that its answer takes. With ``waits``, wait
        for the load of a model that the request names.
        """
        start = time.perf_counter()
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        if parse := self._parsers.get((method, path)):
            parsed = parse(environ, waits=waits)
        elif self._asks_first(method, path):
            parsed = self._permit(environ)
            environ = {**environ, "PATH_INFO": "*"}  # the path may be anything, and is recorded
        elif dialect := find_dialect(path, has_named_models=self.has_named_models):
            parsed = self._function.parse_dialect(dialect, environ, waits=waits)
            environ = {**environ, "PATH_INFO": dialect.route}
        else:
            parsed = self._function.parse(environ, waits=waits)
        return PendingRequest(environ, start, parsed)

    def respond_or_defer(self, pending: Sequence[PendingRequest]) -> list[Response | Deferred]:
        """Answer requests to inline routes, in order, with one prediction; record each.

        A response that awaits a fallback is deferred, and recorded once it is there.
        """
        answers = self._function.respond_or_defer([request.parsed for request in pending])
        adapted = [*map(self._adapted, pending, answers)]
        self.telemetry.record_all(pending, adapted)
        return adapted

    def adapt(self, environ: Environ, response: Response) -> Response:
        """Return a response as the client of a request gets it."""
        return self._function.negotiation.adapt(environ, response)

    def _adapted(self, request: PendingRequest, answer: Response | Deferred) -> Response | Deferred:
        if not isinstance(answer, Deferred):
            return self.adapt(request.environ, answer)
        return Deferred(
            lambda: self._recorded(request, answer.finish()),
            lambda: self._recorded(request, answer.decline()),
        )

    def _recorded(self, request: PendingRequest, response: Response) -> Response:
        response = self.adapt(request.environ, response)
        self.telemetry.record_all([request], [response])
        return response

    def _asks_first(self, method: str, path: str) -> bool:
        """Return whether a request asks for permission; one that a gateway asks about does not."""
        if method != "OPTIONS" or not self._function.negotiation.asks_first:
            return False
        return find_dialect(path, has_named_models=False) is not GATEWAY

    def _permit(self, environ: Environ) -> ParsedRequest:
        response = self._function.negotiation.permission(environ)
        return ParsedRequest.with_response(response, error_response)

    @functools.cached_property
    def _flask(self) -> Callable[..., Iterable[bytes]]:
        from func.web.flask_app import create_flask_app  # noqa: PLC0415 - see the top

        return create_flask_app(self._function, self.telemetry)


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
