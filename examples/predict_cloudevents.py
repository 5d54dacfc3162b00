"""Ask the function by a CloudEvent: ``python examples/predict_cloudevents.py "hello"``."""

from __future__ import annotations

import os
import sys

import requests
from cloudevents.conversion import to_binary
from cloudevents.http import CloudEvent, from_http
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

URL = os.environ.get("INTENT_URL", "http://localhost:8080")
# A pod that starts or is overloaded answers 503, and with Retry-After says how long to wait.
RETRY = Retry(5, backoff_factor=0.5, status_forcelist=[503], allowed_methods=None)


def main() -> int:
    """Print the type and the attribute ``intent`` of the reply to each text."""
    with requests.Session() as session:
        session.mount(URL, HTTPAdapter(max_retries=RETRY))
        for text in sys.argv[1:]:
            event = CloudEvent({"type": "chat.message", "source": "/examples"}, {"text": text})
            headers, body = to_binary(event)
            try:
                answer = session.post(URL, headers=headers, data=body, timeout=30)
            except requests.RequestException as error:
                print(f"No answer: {type(error).__name__}", file=sys.stderr)
                return 1
            if not answer.ok:
                print(f"{answer.status_code}: {answer.json()['error']}", file=sys.stderr)
                return 1
            reply = from_http(dict(answer.headers), answer.content)
            print(f"{reply['type']} {reply['intent']} {text}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
