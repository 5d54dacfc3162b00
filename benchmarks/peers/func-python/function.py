"""Instanced function for Knative's Python middleware, following its template."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from func_python.http import serve  # type: ignore[import-not-found,unused-ignore]

from benchmarks.peers.pipeline_model import PipelineModel

Message = dict[str, Any]


class Function:
    """Classifies the text, or each of the texts, of a JSON body."""

    def start(self, environ: Mapping[str, str]) -> None:
        """Load the pipeline before the first request."""
        self.model = PipelineModel(environ["MODEL_PATH"])

    async def handle(
        self,
        scope: Message,  # noqa: ARG002 - ASGI passes it
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Handle a request."""
        body = json.dumps(self._answer(json.loads(await _read(receive)))).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _answer(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        if "texts" in fields:
            return {"predictions": self.model.predict(fields["texts"])}
        return self.model.predict([fields["text"]])[0]


async def _read(receive: Callable[[], Awaitable[Message]]) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def new() -> Function:
    """Return the function; the middleware calls this factory by name."""
    return Function()


if __name__ == "__main__":
    serve(new)
