"""The entry point of the parliament runtime."""

from __future__ import annotations

import functools
import io
import logging
import os
from typing import TYPE_CHECKING, Any

from func.errors import UnavailableError
from func.handler import IntentFunction
from func.protocols.json_api import error_response
from func.settings import Settings, SettingsError
from model.errors import ArtifactError

if TYPE_CHECKING:
    from flask import Response as FlaskResponse

logger = logging.getLogger(__name__)


def main(context: Any) -> FlaskResponse:
    """Return the response to a request of the parliament runtime, ``context.request``.

    The model is loaded by the first call: the runtime offers no earlier moment.
    """
    from func.web.flask_app import to_flask  # noqa: PLC0415 - our own server needs no Flask

    try:
        function = _load_once()
    except (SettingsError, ArtifactError) as error:
        logger.error("%s", error)  # noqa: TRY400 - the message suffices
        return to_flask(error_response(UnavailableError()))
    # The runtime has already read the body, to look for an event in it.
    body = context.request.get_data()
    unread = {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    return to_flask(function({**context.request.environ, **unread}))


@functools.cache
def _load_once() -> IntentFunction:
    return IntentFunction.load(Settings.from_environ(os.environ))
