"""Classify texts, one CloudEvent each: ``python examples/predict_cloudevents.py "hello"``.

Exit codes: 0 classified, 1 refused or no response.
"""

from __future__ import annotations

import os
import sys

import requests
from cloudevents.conversion import to_binary
from cloudevents.http import CloudEvent, from_http
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

URL = os.environ.get("INTENT_URL", "http://localhost:8080")
# A pod that starts or is overloaded responds with 503, and with Retry-After if it knows the delay.
# Where nothing listens at all, nothing will soon.
RETRY = Retry(5, connect=2, backoff_factor=0.5, status_forcelist=[503], allowed_methods=None)


def main() -> int:
    """Print the type and the attribute ``intent`` of the reply to each text."""
    with requests.Session() as session:
        session.mount(URL, HTTPAdapter(max_retries=RETRY))
        for text in sys.argv[1:]:
            event = CloudEvent({"type": "chat.message", "source": "/examples"}, {"text": text})
            headers, body = to_binary(event)
            try:
                response = session.post(URL, headers=headers, data=body, timeout=30)
            except requests.RequestException as error:
                print(f"No response from {URL}: {type(error).__name__}", file=sys.stderr)
                return 1
            if not response.ok:
                print(f"{response.status_code}: {response.json()['error']}", file=sys.stderr)
                return 1
            reply = from_http(dict(response.headers), response.content)
            print(f"{reply['type']} {reply['intent']} {text}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
