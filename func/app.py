"""The web app: predictions and health are answered here, anything else by Flask.

``app`` is what WSGI servers load. Flask is imported when something else is first asked for: a
pod that starts from zero has its first prediction to answer, and Flask would be half its start.
"""

from __future__ import annotations

import functools
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from func.handler import IntentFunction
from func.messages import STATUS_LINES, Environ, PendingRequest, Response
from func.protocols.json_api import health
from func.settings import Settings, SettingsError
from func.telemetry.logs import configure_logging
from func.telemetry.recorder import Telemetry
from model.errors import ArtifactError

# gunicorn takes this exit code of a worker as "it will never start", and gives up at once.
CAN_NOT_START = 3

StartResponse = Callable[..., object]
Route = tuple[str, str]


class App:
    """A WSGI application (PEP 3333) around a function whose model is loaded.

    Attributes:
        telemetry: is told of each request.
    """

    def __init__(self, function: IntentFunction, telemetry: Telemetry | None = None) -> None:
        self.telemetry = telemetry or Telemetry()
        self._function = function
        self._routes: Mapping[Route, Callable[[Environ], Response]] = {
            ("POST", "/"): function,
            ("POST", "/predict"): function,
            ("GET", "/health"): health,
            ("GET", "/health/liveness"): health,
            ("GET", "/health/readiness"): health,
        }

    @classmethod
    def load(cls, settings: Settings) -> App:
        """Configure the logs, load the model, and build the app.

        Raises:
            ArtifactError: the model can't be served.
        """
        configure_logging(settings)
        function = IntentFunction.load(settings)
        return cls(function, Telemetry.start(settings, function.model.card, os.environ))

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        if not self.is_inline(environ["REQUEST_METHOD"], environ["PATH_INFO"]):
            return self._flask(environ, start_response)
        answer = self.answer(environ)
        start_response(STATUS_LINES[answer.status], answer.all_headers)
        return (answer.body,)

    def answer(self, environ: Environ) -> Response:
        """Answer a quick request, and tell of it."""
        start = time.perf_counter()
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        answer = self._routes[method, path](environ)
        self.telemetry.record(environ, path, start, answer)
        return answer

    def answer_posts(self, posts: Sequence[PendingRequest]) -> list[Response]:
        """Answer quick requests by POST, together, and tell of each."""
        answers = self._function.answer_all([post.environ for post in posts])
        self.telemetry.record_all(posts, answers)
        return answers

    def is_inline(self, method: str, path: str) -> bool:
        """Tell whether a route is answered without Flask."""
        return (method, path) in self._routes

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
    """Load ``app`` when a server first asks for it: importing this module loads no model."""
    if name == "app":
        return _app()
    raise AttributeError(name)
